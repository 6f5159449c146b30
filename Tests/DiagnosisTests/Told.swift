import Diagnosis
import FlowModel

/// A node of which only what a test sets is known.
struct Node: NodeView {
  var reasons: [UInt32: String] = [:]
  var places: [UInt64: String] = [:]
  var finding: RuleFinding?
  var owners: [Address: UInt32] = [:]
  var states: [UInt32: NetworkState] = [:]
  var settings: [String: String] = [:]
  var programmed: [Address] = []
  var isNFTables = false
  var wanted: Set<Address> = []
  var statistics: [String: UInt64] = [:]
  var table: ConntrackTable?
  var service: ServiceName?
  var endpoints: [Endpoint] = []

  func namespaceName(_ netns: UInt32) -> String {
    ["", "client", "node1", "web2", "node2"][Int(netns)]
  }
  func interfaceName(_ index: UInt32, in netns: UInt32) -> String {
    states[netns]?.devices[index]?.name ?? "if\(index)"
  }
  func reasonName(_ reason: UInt32) -> String { reasons[reason] ?? "NOT_SPECIFIED" }
  func place(_ location: UInt64) -> String? { places[location] }
  func service(of flow: Flow) -> ServiceName? { service }
  func endpointIndex(of endpoint: Endpoint, for flow: Flow) -> Int? {
    endpoints.firstIndex(of: endpoint).map { $0 + 1 }
  }
  func rule(for drop: Hop) -> RuleFinding? { finding }
  func namespace(owning address: Address) -> UInt32? { owners[address] }
  func network(of netns: UInt32) -> NetworkState? { states[netns] }
  func setting(_ path: String, in netns: UInt32) -> String? { settings[path] }
  func statistic(_ group: String, _ name: String, in netns: UInt32) -> UInt64? {
    statistics[group + name]
  }
  func conntrack(in netns: UInt32) -> ConntrackTable? { table }
  func programmedAddresses(in netns: UInt32) -> [Address] { netns == 2 ? programmed : [] }
  func isKubeProxyNFTables(in netns: UInt32) -> Bool { isNFTables }
  func isWantedService(_ address: Address) -> Bool { wanted.contains(address) }

  /// With one drop reason, number 1, in a function at address 1.
  init(_ reason: String = "NOT_SPECIFIED", in place: String? = nil) {
    reasons = [1: reason]
    if let place { places = [1: place] }
  }
}

/// A flow to a Service, made by hand.
struct Told {
  static let client = Endpoint(Address(v4: 0x0af4_0105), 43122)
  static let service = Endpoint(Address(v4: 0x0a60_0032), 80)
  static let pod = Endpoint(Address(v4: 0x0af4_0208), 8080)
  static let asked = Tuple(.tcp, from: client, to: service)
  static let translated = Tuple(.tcp, from: client, to: pod)
  static let outer = Tuple(
    .udp, from: Endpoint(Address(v4: 0xc0a8_010b), 57794),
    to: Endpoint(Address(v4: 0xc0a8_010c), 8472))

  var flow = Flow(id: 1, original: asked, netns: 1, start: 0)

  init(state: FlowState = .noAnswer, isTranslated: Bool = true) {
    flow.state = state
    flow.syns = 1
    flow.packets = (1, state == .noAnswer ? 0 : 1)
    if isTranslated {
      flow.translated = Self.translated
      flow.attempts = [Self.pod]
    }
  }

  /// A packet's way; `repeats` more went the same.
  mutating func packet(isReply: Bool = false, repeats: Int = 0, _ hops: Hop...) {
    flow.transmissions.append(Transmission(isReply: isReply, hops: hops, repeats: repeats))
  }

  static func hop(
    _ action: Action, _ hook: Hook = .tcEgress, netns: UInt32 = 2, tuple: Tuple = translated,
    _ change: (inout Event) -> Void = { _ in }
  ) -> Hop {
    var event = Event(time: 0, netns: netns, hook: hook, tuple: tuple)
    event.tcpFlags = tuple.proto == .tcp ? .syn : []
    event.length = 60
    event.mtu = 1500
    change(&event)
    return Hop(event: event, action: action, isDetail: false)
  }

  /// Reason 1 at address 1.
  static func dropped(
    netns: UInt32 = 2, at hook: NetfilterHook? = nil, tuple: Tuple = translated,
    _ change: (inout Event) -> Void = { _ in }
  ) -> Hop {
    var hop = hop(.dropped, .drop, netns: netns, tuple: tuple) {
      $0.dropReason = 1
      $0.location = 1
      change(&$0)
    }
    hop.netfilterHook = hook
    return hop
  }

  static let rule = RuleFinding(
    table: "filter", chain: "KUBE-NWPLCY-ABC", specification: "-A KUBE-NWPLCY-ABC -j DROP",
    comment: nil, backend: "nft", isPolicy: false, certainty: .certain, alternatives: 0)
}
