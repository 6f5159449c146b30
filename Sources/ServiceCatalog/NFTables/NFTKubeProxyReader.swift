internal import FlowModel

/// Finds Services in the tables kube-proxy writes in nftables mode.
///
/// A Service's port is known by its chains: `service-HASH-namespace/name/protocol/port` chooses
/// among endpoints, `external-…` and `local-…` before it are for calls from outside. One without
/// endpoints has no chain, but an element with its name in a map of refusals.
struct NFTKubeProxyReader {
  private var services: [Service] = []
  private var known: [Identity: Int] = [:]
  private let table: NFTTable
  private let family: IPFamily

  private struct Identity: Hashable {
    var name: String
    var proto: IPProtocol
  }

  /// Those of the tables `ip kube-proxy` and `ip6 kube-proxy`.
  static func services(_ ruleset: NFTRuleset) -> [Service] {
    ruleset.tables.filter { $0.name.name == "kube-proxy" && $0.name.family != "inet" }
      .flatMap { table in
        var reader = NFTKubeProxyReader(table)
        reader.read()
        return reader.services
      }
  }

  private init(_ table: NFTTable) {
    self.table = table
    family = table.name.family == "ip6" ? .ipv6 : .ipv4
  }

  private mutating func read() {
    let clusterIPs = table.sets["cluster-ips"]
    for element in table.sets["service-ips"]?.elements ?? [] {
      guard let (address, proto, port) = element.frontend, let chain = element.target,
        let index = place(chain: chain)
      else { continue }
      _ = proto
      add(Endpoint(address, port), at: index, isCluster: clusterIPs?.has(address) ?? true)
      if chain.hasPrefix("local-") { services[index].internalTrafficPolicyLocal = true }
      follow(chain, at: index)
    }
    for element in table.sets["service-nodeports"]?.elements ?? [] {
      guard let (_, port) = element.nodePort, let chain = element.target,
        let index = place(chain: chain)
      else { continue }
      services[index].nodePort = port
      follow(chain, at: index)
    }
    readRefusals(clusterIPs)
  }

  private mutating func readRefusals(_ clusterIPs: NFTSet?) {
    for element in table.sets["no-endpoint-services"]?.elements ?? [] {
      guard let (address, proto, port) = element.frontend,
        let index = place(named: element.comment, proto)
      else { continue }
      let isCluster = clusterIPs?.has(address) ?? true
      if !services[index].frontends.contains(Endpoint(address, port)) {
        add(Endpoint(address, port), at: index, isCluster: isCluster)
      }
      refuse(element, from: "no-endpoint-services", at: index, isCluster: isCluster)
    }
    for element in table.sets["no-endpoint-nodeports"]?.elements ?? [] {
      guard let (proto, port) = element.nodePort, let index = place(named: element.comment, proto)
      else { continue }
      services[index].nodePort = port
      refuse(element, from: "no-endpoint-nodeports", at: index, isCluster: false)
    }
  }

  /// A drop is for a traffic policy `Local` without an endpoint here.
  private mutating func refuse(
    _ element: NFTElement, from map: String, at index: Int, isCluster: Bool
  ) {
    if element.verdict == .drop {
      services[index].hasNoLocalEndpoints = true
      if isCluster {
        services[index].internalTrafficPolicyLocal = true
      } else {
        services[index].externalTrafficPolicyLocal = true
      }
    } else {
      services[index].hasNoEndpoints = true
    }
    guard let rule = lookup(in: map), !services[index].refusals.contains(rule) else { return }
    services[index].refusals.append(rule)
  }

  /// The rule that asks a map.
  private func lookup(in map: String) -> Rule? {
    for name in ["service-endpoints-check", "nodeport-endpoints-check", "endpoints-check"] {
      let rules = table.chains[name]?.rules ?? []
      let at = rules.firstIndex { rule in
        rule.statements.contains {
          if case .verdictMap(_, .reference(map)) = $0 { true } else { false }
        }
      }
      if let at {
        return NFTRulePlace(table: table, chain: name, index: at, rule: rules[at]).asRule
      }
    }
    return nil
  }

  private mutating func add(_ frontend: Endpoint, at index: Int, isCluster: Bool) {
    if isCluster {
      services[index].clusterIP = frontend
    } else if !services[index].externalIPs.contains(frontend) {
      // what the load balancer's addresses are the rules do not tell
      services[index].externalIPs.append(frontend)
    }
  }

  // MARK: - Names

  /// The Service's place in the list by one of its chains; `nil` if that is none of kube-proxy's.
  private mutating func place(chain: String) -> Int? {
    guard let dash = chain.firstIndex(of: "-") else { return nil }
    let base = chain[chain.index(after: dash)...]
    guard let second = base.firstIndex(of: "-") else { return nil }
    let parts = base[base.index(after: second)...].split(
      separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 4, let proto = IPProtocol(name: parts[2]) else { return nil }
    let port = parts[3].isEmpty ? "" : ":\(parts[3])"
    return place(named: "\(parts[0])/\(parts[1])\(port)", proto)
  }

  private mutating func place(named name: String?, _ proto: IPProtocol) -> Int? {
    guard let name, let comment = ServiceComment(name) else { return nil }
    let identity = Identity(name: name, proto: proto)
    if let index = known[identity] { return index }
    known[identity] = services.count
    services.append(
      Service(
        namespace: comment.namespace, name: comment.name, portName: comment.portName,
        proto: proto, family: family))
    return services.count - 1
  }

  // MARK: - Endpoints

  /// Follows a chain of a Service to its endpoints.
  private mutating func follow(_ chain: String, at index: Int) {
    guard let dash = chain.firstIndex(of: "-") else { return }
    let base = chain[dash...]
    if services[index].endpoints.isEmpty {
      services[index].endpoints = endpoints("service\(base)", at: index)
    }
    if services[index].localEndpoints.isEmpty {
      services[index].localEndpoints = endpoints("local\(base)", at: index)
    }
    // calls from outside go to local endpoints, or only those from pods and the node go on
    let external = table.chains["external\(base)"]?.rules ?? []
    if external.contains(where: { $0.comment?.hasPrefix("short-circuit") ?? false }) {
      services[index].externalTrafficPolicyLocal = true
    }
  }

  private mutating func endpoints(_ chain: String, at index: Int) -> [ServiceEndpoint] {
    var found: [ServiceEndpoint] = []
    for rule in table.chains[chain]?.rules ?? [] {
      for statement in rule.statements {
        switch statement {
        case .match("==", _, .reference(let set)) where set.hasPrefix("affinity-"):
          services[index].affinitySeconds = UInt32(clamping: table.sets[set]?.timeout ?? 0)
        case .verdictMap(.numgen(_, let mod, _), .set(let elements)):
          for element in elements {
            guard let target = element.target, let (endpoint, rule) = dnat(target) else { continue }
            found.append(
              ServiceEndpoint(
                endpoint: endpoint, probability: 1 / Double(max(mod, 1)), rule: rule))
          }
        default: continue
        }
      }
    }
    return found
  }

  /// Where an endpoint's chain sends packets.
  private func dnat(_ chain: String) -> (Endpoint, Rule)? {
    for (i, rule) in (table.chains[chain]?.rules ?? []).enumerated() {
      for case .nat("dnat", let nat) in rule.statements {
        guard case .text(let text)? = nat.address, let address = Address(text),
          case .number(let port)? = nat.port, let port = UInt16(exactly: port)
        else { continue }
        let place = NFTRulePlace(table: table, chain: chain, index: i, rule: rule)
        return (Endpoint(address, port), place.asRule)
      }
    }
    return nil
  }
}

extension NFTElement {
  /// The chain a map's element leads to.
  fileprivate var target: String? {
    switch verdict {
    case .goto(let chain), .jump(let chain): chain
    default: nil
    }
  }

  /// `10.96.0.50 . tcp . 80`.
  fileprivate var frontend: (Address, IPProtocol, UInt16)? {
    guard case .concat(let parts) = key, parts.count == 3, case .text(let text) = parts[0],
      let address = Address(text), let (proto, port) = Self.port(parts[1], parts[2])
    else { return nil }
    return (address, proto, port)
  }

  /// `tcp . 30080`.
  fileprivate var nodePort: (IPProtocol, UInt16)? {
    guard case .concat(let parts) = key, parts.count == 2 else { return nil }
    return Self.port(parts[0], parts[1])
  }

  private static func port(
    _ proto: NFTExpression, _ port: NFTExpression
  ) -> (IPProtocol, UInt16)? {
    guard case .number(let number)? = NFTDatatype.proto.datum(proto),
      let proto = UInt8(exactly: number), case .number(let port) = port,
      let port = UInt16(exactly: port)
    else { return nil }
    return (IPProtocol(rawValue: proto), port)
  }
}

extension NFTSet {
  /// Whether an address is one of its elements.
  fileprivate func has(_ address: Address) -> Bool {
    hits([.known(.address(address))]).contains { $0.answer == .yes }
  }
}
