public import FlowModel

/// One address behind a virtual server.
public struct RealServer: Hashable, Sendable {
  public var endpoint: Endpoint
  /// Its share of new connections in proportion to the others'; 0: none, as while it ends.
  public var weight: UInt32

  public init(_ endpoint: Endpoint, weight: UInt32 = 1) {
    self.endpoint = endpoint
    self.weight = weight
  }
}

/// An address and port that IPVS serves.
public struct VirtualServer: Hashable, Sendable {
  public var endpoint: Endpoint
  public var proto: IPProtocol
  /// As in `rr`; `none` without one.
  public var scheduler: String
  /// Seconds for which a client stays with a real server; `nil`: it does not.
  public var persistence: UInt32?
  /// By address and port, as `ipvsadm -L` lists them; the kernel has the latest first.
  public var realServers: [RealServer] = []

  public init(_ endpoint: Endpoint, _ proto: IPProtocol, scheduler: String) {
    self.endpoint = endpoint
    self.proto = proto
    self.scheduler = scheduler
  }

  /// The Service it stands for. IPVS has no names: it has none.
  var service: Service {
    var service = Service(
      namespace: "", name: "", proto: proto,
      family: endpoint.address.isIPv4 ? .ipv4 : .ipv6, clusterIP: endpoint)
    service.scheduler = scheduler
    service.affinitySeconds = persistence
    let weights = realServers.reduce(0.0) { $0 + Double($1.weight) }
    service.endpoints = realServers.map {
      ServiceEndpoint(
        endpoint: $0.endpoint, probability: weights > 0 ? Double($0.weight) / weights : 0)
    }
    service.hasNoEndpoints = weights == 0
    return service
  }
}
