public import FlowModel

/// The Services a node's rules serve, and where to find them.
public struct ServiceCatalog: Sendable {
  /// In the order of the rules.
  public let services: [Service]

  private struct Key: Hashable {
    var endpoint: Endpoint
    var proto: IPProtocol
  }

  private struct PortKey: Hashable {
    var port: UInt16
    var proto: IPProtocol
    var family: IPFamily
  }

  private let byFrontend: [Key: Int]
  private let byAddress: [Address: [Int]]
  private let byNodePort: [PortKey: Int]
  private let byEndpoint: [Key: [Int]]
  private let byName: [String: [Int]]

  /// From Services; of two at the same address and port the first counts.
  public init(services: [Service]) {
    var byFrontend: [Key: Int] = [:]
    var byAddress: [Address: [Int]] = [:]
    var byNodePort: [PortKey: Int] = [:]
    var byEndpoint: [Key: [Int]] = [:]
    var byName: [String: [Int]] = [:]
    for (i, service) in services.enumerated() {
      for frontend in service.frontends {
        let key = Key(endpoint: frontend, proto: service.proto)
        byFrontend[key] = byFrontend[key] ?? i
      }
      for address in Set(service.frontends.map(\.address)) {
        byAddress[address, default: []].append(i)
      }
      if let port = service.nodePort {
        let key = PortKey(port: port, proto: service.proto, family: service.family)
        byNodePort[key] = byNodePort[key] ?? i
      }
      for endpoint in Set(service.endpoints.map(\.endpoint)) {
        byEndpoint[Key(endpoint: endpoint, proto: service.proto), default: []].append(i)
      }
      if !service.name.isEmpty { byName[service.fullName, default: []].append(i) }
    }
    self.services = services
    self.byFrontend = byFrontend
    self.byAddress = byAddress
    self.byNodePort = byNodePort
    self.byEndpoint = byEndpoint
    self.byName = byName
  }

  /// From the rules kube-proxy left in a namespace; the first ruleset that names a Service counts.
  public init(_ ruleSets: [RuleSet]) { self.init([NodeRules(ruleSets: ruleSets)]) }

  /// From the rules of several namespaces. Of one in which kube-proxy has left rules of iptables and
  /// of nftables those of nftables count: it has been switched over and did not clean up. Virtual
  /// servers come last: rules left over from before translate first.
  public init(_ rules: [NodeRules]) {
    var reader = KubeProxyReader()
    for rules in rules {
      reader.read(NFTKubeProxyReader.services(rules.nft))
      for set in rules.ruleSets { reader.read(set) }
    }
    self.init(
      services: reader.services + Self.virtual(rules.flatMap(\.ipvs.servers), reader.services))
  }

  /// Those of virtual servers at addresses that no Service has yet.
  private static func virtual(_ servers: [VirtualServer], _ services: [Service]) -> [Service] {
    guard !servers.isEmpty else { return [] }
    var known = Set(services.flatMap { s in s.frontends.map { Key(endpoint: $0, proto: s.proto) } })
    return servers.filter {
      known.insert(Key(endpoint: $0.endpoint, proto: $0.proto)).inserted
    }.map(\.service)
  }

  /// Whether there is any Service.
  public var isEmpty: Bool { services.isEmpty }

  /// The Service called at this cluster, external or load-balancer address and port.
  public func service(at endpoint: Endpoint, _ proto: IPProtocol) -> Service? {
    byFrontend[Key(endpoint: endpoint, proto: proto)].map { services[$0] }
  }

  /// All Services called at this address, at whatever port.
  public func services(at address: Address) -> [Service] {
    (byAddress[address] ?? []).map { services[$0] }
  }

  /// The Service called at this port of the node's own addresses.
  public func service(
    nodePort: UInt16, _ proto: IPProtocol, family: IPFamily = .ipv4
  ) -> Service? {
    byNodePort[PortKey(port: nodePort, proto: proto, family: family)].map { services[$0] }
  }

  /// All ports of a Service by `namespace/name`, with or without `:port`. Without a namespace:
  /// the one in `default`, else the only one of that name in any.
  public func services(named text: String) -> [Service] {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let name = parts.first else { return [] }
    var found = byName[name] ?? byName["default/\(name)"] ?? []
    if found.isEmpty, !name.contains("/") {
      let all = byName.keys.filter { $0.hasSuffix("/\(name)") }
      if all.count == 1, let only = all.first { found = byName[only] ?? [] }
    }
    let ports = found.map { services[$0] }
    return parts.count == 2 ? ports.filter { $0.portName == parts[1] } : ports
  }

  /// The Services an address and port is an endpoint of.
  public func roles(of endpoint: Endpoint, _ proto: IPProtocol) -> [EndpointRole] {
    (byEndpoint[Key(endpoint: endpoint, proto: proto)] ?? []).compactMap { i in
      services[i].index(of: endpoint).map {
        EndpointRole(service: services[i], index: $0, count: services[i].endpoints.count)
      }
    }
  }

  /// The rule that rewrote a call of this Service to this endpoint.
  public func dnatRule(_ service: Service, _ endpoint: Endpoint) -> Rule? {
    service.rule(for: endpoint)
  }
}
