public import FlowModel

/// One address behind a Service, and how kube-proxy's rules get there.
public struct ServiceEndpoint: Hashable, Sendable {
  public var endpoint: Endpoint
  /// The share of new connections, 0 to 1.
  public var probability: Double
  /// The rule that rewrites the destination; IPVS does without.
  public var rule: Rule?
}

/// A Service's port as kube-proxy programmed it, for one IP version.
///
/// A Service with several ports is several of these; so is one with IPv4 and IPv6 addresses.
public struct Service: Hashable, Sendable {
  /// Both empty where kube-proxy left no name: a virtual server of IPVS has none.
  public var namespace: String
  public var name: String
  public var portName: String?
  public var proto: IPProtocol
  public var family: IPFamily
  /// `nil` for a headless one that is known by its NodePort only, or on cut rulesets.
  public var clusterIP: Endpoint?
  public var nodePort: UInt16?
  public var externalIPs: [Endpoint] = []
  public var loadBalancerIPs: [Endpoint] = []
  /// In the order of the rules.
  public var endpoints: [ServiceEndpoint] = []
  /// Those on this node, where a traffic policy `Local` singles them out.
  public var localEndpoints: [ServiceEndpoint] = []
  /// `sessionAffinity: ClientIP`: its timeout in seconds.
  public var affinitySeconds: UInt32?
  public var externalTrafficPolicyLocal = false
  public var internalTrafficPolicyLocal = false
  /// Nothing serves it: calls are rejected.
  public var hasNoEndpoints = false
  /// No endpoint on this node, and the external traffic policy asks for one: calls are dropped.
  public var hasNoLocalEndpoints = false
  /// Of IPVS: how it chooses a real server, as in `rr`.
  public var scheduler: String?
  /// The rules that refuse calls for want of endpoints.
  public var refusals: [Rule] = []

  /// `namespace/name`; of a virtual server `virtual server 10.96.0.50:80/tcp rr`.
  public var fullName: String {
    virtualServer.map { "virtual server \($0) \(scheduler ?? "")" } ?? "\(namespace)/\(name)"
  }

  /// `10.96.0.50:80/tcp`, of IPVS.
  public var virtualServer: String? {
    guard scheduler != nil, let clusterIP else { return nil }
    return "\(clusterIP)/\("\(proto)".lowercased())"
  }

  /// Every address and port it is called at, but for the node's own addresses.
  public var frontends: [Endpoint] {
    (clusterIP.map { [$0] } ?? []) + externalIPs + loadBalancerIPs
  }

  /// Position of an endpoint, from 1.
  public func index(of endpoint: Endpoint) -> Int? {
    endpoints.firstIndex { $0.endpoint == endpoint }.map { $0 + 1 }
  }

  /// The rule that sends a connection to this endpoint.
  public func rule(for endpoint: Endpoint) -> Rule? {
    (endpoints + localEndpoints).first { $0.endpoint == endpoint }?.rule
  }
}

extension Service: CustomStringConvertible {
  /// `default/web:http`.
  public var description: String { portName.map { "\(fullName):\($0)" } ?? fullName }
}

/// A Service an endpoint belongs to.
public struct EndpointRole: Hashable, Sendable {
  public var service: Service
  /// Position among the Service's endpoints, from 1.
  public var index: Int
  /// How many it has.
  public var count: Int
}
