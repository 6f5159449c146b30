internal import FlowModel

/// Finds Services in the rules kube-proxy writes in iptables mode, of 1.20 and of today.
struct KubeProxyReader {
  private(set) var services: [Service] = []

  private struct Key: Hashable {
    var comment: ServiceComment
    var proto: IPProtocol
    var family: IPFamily
  }

  private var known: [Key: Int] = [:]
  /// Services that an earlier ruleset has described already.
  private var settled = 0
  private var nat: [String: RuleChain] = [:]
  private var family = IPFamily.ipv4

  mutating func read(_ set: RuleSet) {
    family = set.origin.family
    nat = set[.nat]?.chains ?? [:]
    settled = services.count
    for rule in nat["KUBE-SERVICES"]?.rules ?? [] { readFrontend(rule) }
    for rule in nat["KUBE-NODEPORTS"]?.rules ?? [] { readNodePort(rule) }
    let filter = set[.filter]?.chains ?? [:]
    for chain in ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS"] {
      for rule in filter[chain]?.rules ?? [] { readRefusal(rule) }
    }
  }

  /// Adds Services of which no earlier ruleset spoke.
  mutating func read(_ found: [Service]) {
    for service in found {
      guard
        let comment = ServiceComment("\(service)"),
        known.updateValue(
          services.count,
          forKey: Key(comment: comment, proto: service.proto, family: service.family))
          == nil
      else { continue }
      services.append(service)
    }
  }

  /// The place of the rule's Service in the list; `nil` if it is none, or known from before.
  private mutating func place(_ rule: Rule) -> (index: Int, role: String)? {
    guard let text = rule.comment, var comment = ServiceComment(text), let proto = rule.proto
    else { return nil }
    let role = comment.rest
    comment.rest = ""
    let key = Key(comment: comment, proto: proto, family: family)
    if let index = known[key] { return index < settled ? nil : (index, role) }
    known[key] = services.count
    services.append(
      Service(
        namespace: comment.namespace, name: comment.name, portName: comment.portName,
        proto: proto, family: family))
    return (services.count - 1, role)
  }

  private mutating func readFrontend(_ rule: Rule) {
    guard let target = rule.jump.name, target != "KUBE-MARK-MASQ",
      let frontend = rule.destination, let (index, role) = place(rule)
    else { return }
    readFrontend(frontend, role, at: index)
    if target.hasPrefix("KUBE-SVL-") { services[index].internalTrafficPolicyLocal = true }
    follow(target, at: index)
  }

  private mutating func readFrontend(_ frontend: Endpoint, _ role: String, at index: Int) {
    func add(_ list: WritableKeyPath<Service, [Endpoint]>) {
      if !services[index][keyPath: list].contains(frontend) {
        services[index][keyPath: list].append(frontend)
      }
    }
    if role.hasPrefix("external IP") {
      add(\.externalIPs)
    } else if role.hasPrefix("loadbalancer IP") {
      add(\.loadBalancerIPs)
    } else if role.hasPrefix("cluster IP") || services[index].clusterIP == nil {
      services[index].clusterIP = frontend
    }
  }

  private mutating func readNodePort(_ rule: Rule) {
    guard let target = rule.jump.name, target != "KUBE-MARK-MASQ",
      let port = rule.destinationPort, let (index, _) = place(rule)
    else { return }
    services[index].nodePort = port
    follow(target, at: index)
  }

  /// Follows a chain of a Service to its endpoints.
  private mutating func follow(_ target: String, at index: Int) {
    for suffix in ["KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-XLB-", "KUBE-FW-"]
    where target.hasPrefix(suffix) {
      let hash = target.dropFirst(suffix.count)
      if services[index].endpoints.isEmpty { readEndpoints("KUBE-SVC-\(hash)", \.endpoints, index) }
      if services[index].localEndpoints.isEmpty {
        readEndpoints("KUBE-SVL-\(hash)", \.localEndpoints, index)
      }
      for name in ["KUBE-EXT-\(hash)", "KUBE-XLB-\(hash)"] { readExternal(name, index) }
    }
  }

  /// Until 1.23 KUBE-XLB exists for the policy `Local` only and has the local endpoints itself;
  /// later KUBE-EXT exists for both policies and leads to KUBE-SVL for `Local`.
  private mutating func readExternal(_ name: String, _ index: Int) {
    guard let chain = nat[name] else { return }
    if name.hasPrefix("KUBE-XLB-") {
      services[index].externalTrafficPolicyLocal = true
      if services[index].localEndpoints.isEmpty { readEndpoints(name, \.localEndpoints, index) }
    }
    var isLocal = !services[index].localEndpoints.isEmpty
    for rule in chain.rules {
      if rule.comment?.hasSuffix("has no local endpoints") ?? false {
        services[index].hasNoLocalEndpoints = true
        if !services[index].refusals.contains(rule) { services[index].refusals.append(rule) }
        isLocal = true
      }
      if rule.comment?.hasPrefix("masquerade LOCAL traffic") ?? false { isLocal = true }
    }
    if isLocal { services[index].externalTrafficPolicyLocal = true }
  }

  /// Chance goes from rule to rule: each takes its share of what those before have left.
  private mutating func readEndpoints(
    _ name: String, _ list: WritableKeyPath<Service, [ServiceEndpoint]>, _ index: Int
  ) {
    var left = 1.0
    for rule in nat[name]?.rules ?? [] {
      guard let target = rule.jump.name, target.hasPrefix("KUBE-SEP-") else { continue }
      if let recent = rule.extensionMatch("recent") {
        services[index].affinitySeconds = recent.value("--seconds").flatMap { UInt32($0) } ?? 0
        continue
      }
      let share = rule.extensionMatch("statistic")?.value("--probability").flatMap(Double.init)
      let probability = left * (share ?? 1)
      left -= probability
      guard let dnat = nat[target]?.rules.first(where: { $0.jump.name == "DNAT" }),
        let endpoint = dnat.targetOption("--to-destination").flatMap(Endpoint.init(kubeProxy:))
      else { continue }
      services[index][keyPath: list].append(
        ServiceEndpoint(endpoint: endpoint, probability: probability, rule: dnat))
    }
  }

  /// A REJECT or DROP in filter for want of endpoints.
  private mutating func readRefusal(_ rule: Rule) {
    guard rule.comment?.contains("has no ") ?? false, rule.comment?.contains("endpoints") ?? false,
      let port = rule.destinationPort, let (index, role) = place(rule)
    else { return }
    services[index].refusals.append(rule)
    if role.hasPrefix("has no local") {
      services[index].hasNoLocalEndpoints = true
      services[index].externalTrafficPolicyLocal = true
    } else {
      services[index].hasNoEndpoints = true
    }
    if let frontend = rule.destination {
      let isExternal = rule.chain != "KUBE-SERVICES" && services[index].clusterIP != frontend
      if !services[index].frontends.contains(frontend) {
        readFrontend(frontend, isExternal ? "external IP" : "cluster IP", at: index)
      }
    } else {
      services[index].nodePort = port
    }
  }
}

extension Rule {
  /// The protocol it asks for.
  fileprivate var proto: IPProtocol? {
    for condition in conditions where !condition.isNegated {
      if case .proto(let proto) = condition.test { return proto }
    }
    return nil
  }

  /// The one destination port it asks for.
  fileprivate var destinationPort: UInt16? {
    for condition in conditions where !condition.isNegated {
      if case .ports(.destination, let ranges) = condition.test, ranges.count == 1,
        ranges[0].count == 1
      {
        return ranges[0].lowerBound
      }
    }
    return nil
  }

  /// The one address and port it asks for.
  fileprivate var destination: Endpoint? {
    for condition in conditions where !condition.isNegated {
      if case .address(.destination, let address, let prefix) = condition.test,
        prefix == address.bits, let port = destinationPort
      {
        return Endpoint(address, port)
      }
    }
    return nil
  }
}

extension Endpoint {
  /// `10.244.2.8:8080`, `[fd00::1]:8080`.
  fileprivate init?(kubeProxy text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard let address = Address(host) else { return nil }
    self.init(address, port)
  }
}
