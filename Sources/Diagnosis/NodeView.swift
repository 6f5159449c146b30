public import FlowModel

/// A Service as a flow met it.
public struct ServiceName: Hashable, Sendable, Codable {
  /// Both `nil` where the node has no name for it: in IPVS mode.
  public var namespace: String?
  public var name: String?
  public var port: String?
  /// Position of the flow's endpoint among the Service's, from 1, and how many there are;
  /// `nil` if it is none of them.
  public var endpointIndex: Int?
  public var endpointCount: Int
  /// `sessionAffinity: ClientIP`: its timeout in seconds.
  public var affinitySeconds: UInt32?
  /// IPVS: the virtual server, as in `10.96.0.50:80/tcp`.
  public var virtualServer: String?
  /// IPVS: how it chooses a real server, as in `rr`.
  public var scheduler: String?

  /// `default/web`; `nil` without a name.
  public var knownName: String? {
    guard let namespace, let name else { return nil }
    return "\(namespace)/\(name)"
  }

  /// `default/web`, or `virtual server 10.96.0.50:80/tcp rr`.
  public var fullName: String {
    knownName ?? "virtual server \(virtualServer ?? "?") \(scheduler ?? "")"
  }

  public init(
    namespace: String?, name: String?, port: String?, endpointIndex: Int?, endpointCount: Int,
    affinitySeconds: UInt32? = nil, virtualServer: String? = nil, scheduler: String? = nil
  ) {
    self.namespace = namespace
    self.name = name
    self.port = port
    self.endpointIndex = endpointIndex
    self.endpointCount = endpointCount
    self.affinitySeconds = affinitySeconds
    self.virtualServer = virtualServer
    self.scheduler = scheduler
  }
}

/// What the node knows beyond the packets: asked while a flow is explained, never changed.
public protocol NodeView {
  /// The name of a namespace, or its inode number as text.
  func namespaceName(_ netns: UInt32) -> String
  /// The name of a device, or `ifN`.
  func interfaceName(_ index: UInt32, in netns: UInt32) -> String
  /// The drop reason's name on this kernel.
  func reasonName(_ reason: UInt32) -> String
  /// `function+0x1a`; `nil` if the kernel hides its symbols.
  func place(_ location: UInt64) -> String?
  /// The Service a flow was meant for, by what its client called.
  func service(of flow: Flow) -> ServiceName?
  /// Position of an endpoint among those of the flow's Service, from 1.
  func endpointIndex(of endpoint: Endpoint, for flow: Flow) -> Int?
  /// The rule that made this drop, if the ruleset of its namespace tells.
  func rule(for drop: Hop) -> RuleFinding?
  /// The namespace among those traced that has an address.
  func namespace(owning address: Address) -> UInt32?
  /// How a namespace is set up now; `nil` if that can't be read.
  func network(of netns: UInt32) -> NetworkState?
  /// A sysctl by its path below /proc/sys, as in `net/ipv4/ip_forward`.
  func setting(_ path: String, in netns: UInt32) -> String?
  /// A counter of a namespace's network stack, as in `TcpExt`, `ListenOverflows`.
  func statistic(_ group: String, _ name: String, in netns: UInt32) -> UInt64?
  /// How full a namespace's connection tracking table is; `nil` if that can't be read.
  func conntrack(in netns: UInt32) -> ConntrackTable?
  /// The Service addresses a namespace has rules for; empty where kube-proxy is not at work.
  func programmedAddresses(in netns: UInt32) -> [Address]
  /// Whether kube-proxy's rules there are of nftables, not of iptables.
  func isKubeProxyNFTables(in netns: UInt32) -> Bool
  /// Whether the user named this address as a Service's.
  func isWantedService(_ address: Address) -> Bool
}
