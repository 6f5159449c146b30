public import Diagnosis
public import FlowModel
internal import Recording

/// The names in several recordings under numbers of their own, as the correlator wants them.
public final class MergedNames {
  /// A list of names, each once.
  private struct Register {
    private(set) var names: [String] = [""]
    private var numbers: [String: UInt32] = ["": 0]

    mutating func number(of name: String) -> UInt32 {
      if let known = numbers[name] { return known }
      let number = UInt32(names.count)
      names.append(name)
      numbers[name] = number
      return number
    }

    func name(_ number: UInt32) -> String? {
      number > 0 && Int(number) < names.count ? names[Int(number)] : nil
    }
  }

  private var namespaces = Register()
  private var interfaces = Register()
  private var reasons = Register()
  private var locations = Register()
  /// The recording a namespace is of.
  private var nodes: [UInt32: Int] = [:]
  /// What single recordings knew of connections.
  var flows = KnownFlows()

  /// One name a recording, none twice.
  public let labels: [String]

  package init(labels: [String]) { self.labels = labels }

  /// `node1 kft-client`; a namespace that is called like its node, or with its name in it, alone.
  func namespace(_ name: String, of node: Int) -> UInt32 {
    let label = labels[node]
    let whole = name.contains(label) ? name : "\(label) \(name)"
    let number = namespaces.number(of: whole)
    nodes[number] = node
    return number
  }

  func interface(_ name: String) -> UInt32 { interfaces.number(of: name) }
  func reason(_ name: String) -> UInt32 { reasons.number(of: name) }
  func location(_ name: String) -> UInt64 { UInt64(locations.number(of: name)) }

  /// The recording that an event is of.
  func node(of netns: UInt32) -> Int { nodes[netns] ?? 0 }
}

extension MergedNames: NodeView {
  public func namespaceName(_ netns: UInt32) -> String {
    namespaces.name(netns) ?? "netns \(netns)"
  }
  public func interfaceName(_ index: UInt32, in netns: UInt32) -> String {
    interfaces.name(index) ?? "if\(index)"
  }
  public func reasonName(_ reason: UInt32) -> String { reasons.name(reason) ?? "NOT_SPECIFIED" }
  public func place(_ location: UInt64) -> String? { locations.name(UInt32(location)) }
  public func service(of flow: Flow) -> ServiceName? {
    flows.of(flow).lazy.compactMap(\.service).first
  }
  public func endpointIndex(of endpoint: Endpoint, for flow: Flow) -> Int? {
    flows.of(flow).lazy.compactMap { known in
      known.endpoints[endpoint]
    }.first
  }
  public func rule(for drop: Hop) -> RuleFinding? {
    flows.rule(
      of: drop.event.tuple, reason: reasonName(drop.event.dropReason))
  }
  // what a node's state would tell is in its own diagnoses
  public func namespace(owning address: Address) -> UInt32? { nil }
  public func network(of netns: UInt32) -> NetworkState? { nil }
  public func setting(_ path: String, in netns: UInt32) -> String? { nil }
  public func statistic(_ group: String, _ name: String, in netns: UInt32) -> UInt64? { nil }
  public func conntrack(in netns: UInt32) -> ConntrackTable? { nil }
  public func isKubeProxyNFTables(in netns: UInt32) -> Bool { false }
  public func programmedAddresses(in netns: UInt32) -> [Address] { [] }
  public func isWantedService(_ address: Address) -> Bool { false }
}
