public import FlowModel

/// A flow with what explaining it needs at hand.
public struct Case {
  public let flow: Flow
  public let node: any NodeView
  public let service: ServiceName?

  public init(_ flow: Flow, _ node: any NodeView) {
    self.flow = flow
    self.node = node
    service = node.service(of: flow)
  }

  /// Packets that died here, folded; the earliest first.
  public var faultyDrops: [(way: Transmission, hop: Hop, reason: String)] {
    flow.transmissions.compactMap { way in
      way.drop.map { (way, $0, node.reasonName($0.event.dropReason)) }
    }
  }

  /// `default/web`, or the address the client called.
  public var serviceText: String {
    service.map { "\($0.namespace)/\($0.name)" } ?? "\(flow.original.destination)"
  }

  /// Where the client's packets were to end up.
  public var backend: Endpoint { (flow.translated ?? flow.original).destination }

  /// The ICMP errors that were made or seen about this flow.
  public func icmpErrors(type: UInt8, code: UInt8? = nil) -> [Hop] {
    flow.transmissions.flatMap(\.hops).filter { hop in
      guard hop.event.icmpType == type, code == nil || hop.event.icmpCode == code else {
        return false
      }
      if case .icmpErrorMade = hop.action { return true }
      if case .icmpError = hop.event.carrier { return true }
      return false
    }
  }
}

/// Drops that free a packet whose work is done.
public enum HarmlessDrops {
  /// Freed with its socket, already received, a duplicate, a bridge's or tap's copy.
  private static let names: Set<String> = [
    "SKB_CONSUMED", "CONSUMED", "QUEUE_PURGE", "SKB_QUEUE_PURGE", "TCP_OLD_DATA", "TCP_OLD_ACK",
    "TCP_OLD_SEQUENCE", "OTHERHOST", "PACKET_SOCK_ERROR",
  ]

  /// The same told by the function, where the kernel gives no reason (before 6.2 mostly).
  private static let functions: Set<String> = [
    "sk_stream_kill_queues", "skb_queue_purge", "skb_queue_purge_reason", "inet_csk_destroy_sock",
    "tcp_rcv_state_process", "tcp_data_queue", "tcp_ack", "tcp_v4_rcv", "packet_rcv",
    "tpacket_rcv", "skb_release_data", "tcp_rtx_queue_purge", "tcp_write_queue_purge",
  ]

  /// Whether a drop is no fault, whatever flow it is in.
  public static func contains(_ event: Event, on node: any NodeView) -> Bool {
    let reason = node.reasonName(event.dropReason)
    if reason != "NOT_SPECIFIED" { return names.contains(reason) }
    guard let place = node.place(event.location) else { return false }
    return functions.contains(String(place.prefix { $0 != "+" }))
  }
}

/// One kind of failure: what it needs to see, and how it is worded.
public struct Cause: Sendable {
  /// Stable identifier in JSON.
  public let name: String
  /// The explanation if this flow failed in this way.
  public let examine: @Sendable (Case) -> Explanation?

  public init(_ name: String, _ examine: @escaping @Sendable (Case) -> Explanation?) {
    self.name = name
    self.examine = examine
  }
}

/// Flows in, explanations out.
public enum Diagnoser {
  /// In the order they are asked: the first that knows the flow has the word.
  public static let causes: [Cause] = [
    .noEndpoints, .mtuExceeded, .tunnelBlocked, .policyDrop, .portClosed, .otherDrop,
    .lostBeyondNode,
  ]

  /// What is wrong with a flow; `nil` if nothing is.
  public static func explain(_ flow: Flow, on node: any NodeView) -> Explanation? {
    let given = Case(flow, node)
    for cause in causes {
      if let explanation = cause.examine(given) { return explanation }
    }
    return nil
  }
}
