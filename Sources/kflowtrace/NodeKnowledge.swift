import Diagnosis
import FlowModel
import KernelTracing
import ServiceCatalog

/// What the node tells about itself: names, rules, Services. Rules are read once at the start
/// and again when a netfilter drop is to be explained, never polled.
final class NodeKnowledge: NodeView {
  private let traced: [NetworkNamespace]
  private let names: NodeNames
  private lazy var reasons = DropReasons.ofRunningKernel()
  private lazy var symbols = KernelSymbols.ofRunningKernel()
  private var before: [UInt32: NodeRules] = [:]
  private var after: [UInt32: (time: UInt64, rules: NodeRules)] = [:]
  private var states: [UInt32: (time: UInt64, state: NetworkState?)] = [:]
  private var programmed: [UInt32: [Address]] = [:]
  /// What connection tracking had counted when the trace began.
  private var tracked: [UInt32: ConntrackTable.Counters] = [:]
  private var wanted: Set<Address> = []
  private var selected: Set<Service> = []
  private var catalogTime: UInt64 = 0
  private(set) var catalog = ServiceCatalog(services: [])
  /// What can't be named and why, a sentence each.
  private(set) var missing: [String] = []
  /// What the kernel says of dropped packets, with `--trace-rules`.
  var ruleTracer: RuleTracer?

  init(traced: [NetworkNamespace]) {
    self.traced = traced
    names = NodeNames(traced: traced)
  }

  // MARK: - Rules and Services

  /// Whether any traced namespace has rules of iptables-legacy.
  var hasLegacyRules: Bool {
    before.values.contains { rules in
      rules.ruleSets.contains { $0.origin.backend == .legacy && $0.ruleCount > 0 }
    }
  }

  /// Reads the rules of the traced namespaces; what is wrong with that is in `missing`.
  func readRules() async {
    // a node has a hundred pods, and each namespace takes some processes
    let width = 8
    for start in stride(from: 0, to: traced.count, by: width) {
      let paths = traced[start..<min(start + width, traced.count)].map {
        ($0.inode, $0.pathFromHere)
      }
      let read = await withTaskGroup(of: (UInt32, NodeRules).self) { group in
        for (inode, path) in paths {
          group.addTask { (inode, await NodeRules.read(netns: path)) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      for (inode, rules) in read {
        before[inode] = rules
        for line in rules.missing where !missing.contains(line) { missing.append(line) }
      }
    }
    for namespace in traced { tracked[namespace.inode] = namespace.conntrackCounters() }
    // the node's namespace has kube-proxy's rules; those of pods have none
    catalog = ServiceCatalog(traced.compactMap { before[$0.inode] })
  }

  /// Reads rules again for a flow that netfilter dropped packets of: the counters tell. Once for all
  /// drops that came before.
  func prepare(for flow: Flow) async {
    for drop in flow.drops.compactMap(\.drop).filter(isFilterDrop) {
      let netns = drop.event.netns
      guard (after[netns]?.time ?? 0) < drop.event.time, let namespace = names.namespace(netns)
      else { continue }
      let now = Session.now()
      let rules = await NodeRules.read(netns: namespace.pathFromHere)
      after[netns] = (now, rules)
      // its virtual server may have lost the last real server since we started
      if !rules.ipvs.servers.isEmpty {
        catalog = ServiceCatalog(traced.compactMap { after[$0.inode]?.rules ?? before[$0.inode] })
      }
    }
    // an endpoint that is none may be one of since we started
    if flow.state != .completed, let server = flow.translated?.destination,
      server != flow.original.destination, let service = called(flow),
      service.index(of: server) == nil
    {
      await refreshCatalog()
    }
  }

  /// Names of namespaces with virtual servers whose NAT conntrack is not told of.
  func namespacesWithUntrackedIPVS() -> [String] {
    traced.filter {
      before[$0.inode]?.ipvs.servers.isEmpty == false
        && setting("net/ipv4/vs/conntrack", in: $0.inode) == "0"
    }.map { names.name(of: $0.inode) }
  }

  private func refreshCatalog() async {
    let now = Session.now()
    guard now - catalogTime > 2_000_000_000 else { return }
    catalogTime = now
    var rules: [NodeRules] = []
    for namespace in traced where !programmedAddresses(in: namespace.inode).isEmpty {
      rules.append(await NodeRules.read(netns: namespace.pathFromHere))
    }
    catalog = ServiceCatalog(rules)
  }

  private func isFilterDrop(_ hop: Hop) -> Bool {
    let reason = reasonName(hop.event.dropReason)
    return reason == "NETFILTER_DROP" || reason == "NOT_SPECIFIED"
  }

  /// Adds what the targets of `--svc` mean to the match set; a line for people each.
  func select(
    _ targets: [ServiceTarget], into matches: inout MatchSet
  ) throws(TracingError) -> [String] {
    var lines: [String] = []
    for target in targets {
      let services: [Service]
      switch target {
      case .address(let address):
        matches.sides.insert(address.side)
        wanted.insert(address.address)
        services = catalog.services(at: address.address).filter { service in
          (address.proto == nil || service.proto == address.proto)
            && (address.port == nil
              || service.frontends.contains {
                $0.address == address.address && $0.port == address.port
              })
        }
        if services.isEmpty {
          lines.append("\(address.side.text) (no Service of that address in this node's rules)")
        }
      case .name(let namespace, let name):
        let text = namespace.map { "\($0)/\(name)" } ?? name
        services = catalog.services(named: text)
        if services.isEmpty { throw unknownService(text) }
      }
      for service in services { select(service, into: &matches) }
      let byName = Dictionary(grouping: services, by: \.fullName)
      for (name, ports) in byName.sorted(by: { $0.key < $1.key }) {
        lines.append(name + " " + ports.map(describe).joined(separator: ", "))
      }
    }
    return lines
  }

  /// Whether a flow's client called another Service than those of `--svc`: Services share pods, and
  /// the kernel knows pods only.
  func isOfAnotherService(_ flow: Flow) -> Bool {
    guard !selected.isEmpty, let service = called(flow) else { return false }
    return !selected.contains(service) && !wanted.contains(flow.original.destination.address)
  }

  private func select(_ service: Service, into matches: inout MatchSet) {
    selected.insert(service)
    for frontend in service.frontends {
      matches.sides.insert(
        MatchSet.Side(address: frontend.address, port: frontend.port, proto: service.proto))
    }
    for endpoint in service.endpoints + service.localEndpoints {
      matches.sides.insert(
        MatchSet.Side(
          address: endpoint.endpoint.address, port: endpoint.endpoint.port, proto: service.proto))
    }
    if let port = service.nodePort {
      matches.sides.insert(MatchSet.Side(address: nil, port: port, proto: service.proto))
    }
  }

  private func describe(_ service: Service) -> String {
    let address = service.clusterIP.map { "\($0)" } ?? "NodePort \(service.nodePort ?? 0)"
    let count = service.endpoints.count
    guard service.virtualServer == nil else {
      return "(\(count == 0 ? "no" : "\(count)") real server\(count == 1 ? "" : "s"))"
    }
    let tail = count == 0 ? "no endpoints" : count == 1 ? "1 endpoint" : "\(count) endpoints"
    return "\(address)/\("\(service.proto)".lowercased()) (\(tail))"
  }

  private func unknownService(_ text: String) -> TracingError {
    guard !catalog.isEmpty else {
      return TracingError(
        .usage,
        "--svc \(text): there are no kube-proxy rules here to look names up in; run it on a "
          + "node, name the node's namespace with --netns, or give the Service's IP address")
    }
    let known = Set(catalog.services.filter { !$0.name.isEmpty }.map(\.fullName)).sorted()
    guard !known.isEmpty else {
      return TracingError(
        .usage,
        "--svc \(text): kube-proxy is in IPVS mode here, which keeps no names on the node; give the "
          + "Service's IP address (kubectl get services -A)")
    }
    let shown = known.prefix(8).joined(separator: ", ") + (known.count > 8 ? ", …" : "")
    return TracingError(.usage, "--svc \(text): no such Service on this node; there are \(shown)")
  }

  /// Whether an endpoint is the serving side of some Service.
  func isServer(_ endpoint: Endpoint, _ proto: IPProtocol) -> Bool {
    catalog.service(at: endpoint, proto) != nil || !catalog.roles(of: endpoint, proto).isEmpty
  }

  // MARK: - NodeView

  func namespaceName(_ netns: UInt32) -> String { names.name(of: netns) }

  /// Devices that came while tracing: they may be gone when their name is wanted.
  func learn(_ interfaces: [UInt32: Interface], in netns: UInt32) {
    names.learn(interfaces, in: netns)
  }

  /// Lets go of namespaces that are gone, which live on as long as somebody holds them.
  func releaseNamespaces() { names.releaseNamespaces() }

  func interfaceName(_ index: UInt32, in netns: UInt32) -> String {
    names.interface(index, in: netns)
  }

  func reasonName(_ reason: UInt32) -> String { reasons.name(of: reason) }

  func place(_ location: UInt64) -> String? {
    symbols.place(of: location).map { "\($0.function)+0x\(String($0.offset, radix: 16))" }
  }

  /// By the address the client called: a Service's own, or a NodePort of a node we trace.
  private func called(_ flow: Flow) -> Service? {
    let target = flow.original.destination
    if let service = catalog.service(at: target, flow.proto) { return service }
    guard names.owner(of: target.address) != nil else { return nil }
    return catalog.service(
      nodePort: target.port, flow.proto, family: target.address.isIPv4 ? .ipv4 : .ipv6)
  }

  func endpointIndex(of endpoint: Endpoint, for flow: Flow) -> Int? {
    called(flow)?.index(of: endpoint)
  }

  func service(of flow: Flow) -> ServiceName? {
    let target = flow.original.destination
    if let service = called(flow) {
      let endpoint = flow.translated?.destination
      return ServiceName(
        service, endpointIndex: endpoint.flatMap(service.index), of: service.endpoints.count)
    }
    // on the endpoint's node the Service's address was never seen
    guard let role = catalog.roles(of: target, flow.proto).first else { return nil }
    return ServiceName(role.service, endpointIndex: role.index, of: role.count)
  }

  func namespace(owning address: Address) -> UInt32? { names.owner(of: address) }

  /// Read again when it is older than what a person takes to change something.
  func network(of netns: UInt32) -> NetworkState? {
    let now = Session.now()
    if let known = states[netns], now - known.time < 1_000_000_000 { return known.state }
    let state = try? names.namespace(netns)?.networkState()
    states[netns] = (now, state)
    return state
  }

  func setting(_ path: String, in netns: UInt32) -> String? {
    names.namespace(netns)?.setting(path)
  }

  func statistic(_ group: String, _ name: String, in netns: UInt32) -> UInt64? {
    names.namespace(netns)?.statistic(group, name)
  }

  func conntrack(in netns: UInt32) -> ConntrackTable? {
    var table = names.namespace(netns)?.conntrackTable()
    table?.before = tracked[netns]
    return table
  }

  func programmedAddresses(in netns: UInt32) -> [Address] {
    if let known = programmed[netns] { return known }
    let services = before[netns]?.catalog.services ?? []
    let addresses = Set(services.flatMap { $0.frontends.map(\.address) }).sorted()
    programmed[netns] = addresses
    return addresses
  }

  func isKubeProxyNFTables(in netns: UInt32) -> Bool {
    before[netns]?.nft.hasKubeProxy ?? false
  }

  func isWantedService(_ address: Address) -> Bool { wanted.contains(address) }

  func rule(for drop: Hop) -> RuleFinding? {
    let event = drop.event
    guard isFilterDrop(drop), let rules = after[event.netns]?.rules ?? before[event.netns] else {
      return nil
    }
    func name(_ index: UInt32) -> String? {
      index == 0 ? nil : names.interface(index, in: event.netns)
    }
    let hook = drop.netfilterHook ?? hook(of: event)
    let packet = RulePacket(
      event, inInterface: hook == .output ? nil : name(event.interface),
      outInterface: hook == .input || hook == .prerouting ? nil : name(event.outInterface),
      localAddresses: names.addresses(of: event.netns))
    var candidates = rules.dropCandidates(hook: hook, packet: packet)
    let traces = ruleTracer?.traces(of: event) ?? []
    if let trace = traces.first {
      // the rules may have changed since, or could not be read again
      let readings = [rules, before[event.netns]].compactMap { $0 }
      return RuleFinding(
        traces, readings, hook, packet,
        at: try? names.namespace(event.netns)?.position(of: trace))
    }
    if let earlier = before[event.netns], let later = after[event.netns]?.rules {
      candidates = NodeRules.confirm(candidates, before: earlier, after: later, drops: 1)
    }
    guard let best = candidates.first else { return nil }
    return RuleFinding(best, alternatives: candidates.count - 1)
  }

  /// Where a drop nobody placed must have been.
  private func hook(of event: Event) -> NetfilterHook {
    if event.interface == 0 { return .output }
    var target = event.tuple.destination.address
    if case .tunnel(let outer, _) = event.carrier { target = outer.destination.address }
    return names.addresses(of: event.netns).contains(target) ? .input : .forward
  }
}

extension ServiceName {
  /// As the node's rules have it.
  init(_ service: Service, endpointIndex: Int?, of count: Int) {
    let isNamed = !service.name.isEmpty
    self.init(
      namespace: isNamed ? service.namespace : nil, name: isNamed ? service.name : nil,
      port: service.portName, endpointIndex: endpointIndex,
      // those that IPVS gives no connections any more are none
      endpointCount: service.scheduler != nil && service.hasNoEndpoints ? 0 : count,
      affinitySeconds: service.affinitySeconds, virtualServer: service.virtualServer,
      scheduler: service.scheduler)
  }
}

extension MatchSet.Side {
  /// As on the command line.
  var text: String {
    let endpoint = Endpoint(address ?? .any, port ?? 0)
    return "\(endpoint)" + (proto.map { "/\("\($0)".lowercased())" } ?? "")
  }
}
