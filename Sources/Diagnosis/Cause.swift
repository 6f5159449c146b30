public import FlowModel

/// A flow with what explaining it needs at hand.
public struct Case {
  public let flow: Flow
  public let node: any NodeView
  public let service: ServiceName?
  /// Packets that died here, folded; the earliest first.
  public let drops: [Drop]

  public init(_ flow: Flow, _ node: any NodeView) {
    self.flow = flow
    self.node = node
    service = node.service(of: flow)
    drops = flow.transmissions.compactMap { way in
      way.drop.map { hop in
        Drop(
          way: way, hop: hop, reason: node.reasonName(hop.event.dropReason),
          place: node.place(hop.event.location))
      }
    }
  }

  /// `default/web`, or the address the client called.
  public var serviceText: String {
    service?.fullName ?? "\(flow.original.destination)"
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

/// A packet that died, with the names of its end.
public struct Drop {
  public var way: Transmission
  public var hop: Hop
  /// As in `NETFILTER_DROP`; `NOT_SPECIFIED` where the kernel gives none.
  public var reason: String
  /// `function+0x1a`; `nil` if the kernel hides its symbols.
  public var place: String?

  public var event: Event { hop.event }

  /// The outer packet, if it died in a tunnel.
  public var tunnel: (outer: Tuple, vni: UInt32)? {
    if case .tunnel(let outer, let vni) = hop.event.carrier { (outer, vni) } else { nil }
  }

  /// By the kernel's own reason, or where it gives none, by the function it happened in.
  func isFor(_ reasons: String..., in functions: String...) -> Bool {
    if reason != "NOT_SPECIFIED" { return reasons.contains(reason) }
    guard let function = place?.prefix(while: { $0 != "+" && $0 != "." }) else { return false }
    return functions.contains { function == $0 }
  }

  /// How sure its reason makes a statement.
  var certainty: Certainty { reason == "NOT_SPECIFIED" ? .inferred : .certain }
}

/// Drops that free a packet whose work is done.
public enum HarmlessDrops {
  /// The same told by the function, where the kernel gives no reason (before 6.2 mostly).
  private static let functions: Set<String> = [
    "sk_stream_kill_queues", "skb_queue_purge", "skb_queue_purge_reason", "inet_csk_destroy_sock",
    "tcp_rcv_state_process", "tcp_data_queue", "tcp_ack", "tcp_v4_rcv", "packet_rcv",
    "tpacket_rcv", "skb_release_data", "tcp_rtx_queue_purge", "tcp_write_queue_purge",
  ]

  /// Whether a drop is no fault, whatever flow it is in.
  public static func contains(_ event: Event, on node: any NodeView) -> Bool {
    contains(
      event.tuple, reason: node.reasonName(event.dropReason), place: node.place(event.location))
  }

  /// The same by the names of the reason and the place.
  public static func contains(_ tuple: Tuple, reason: String, place: String?) -> Bool {
    // said to all on a link, of whom most do not listen
    if tuple.destination.address.isMulticast { return true }
    // a raw socket got its copy; ping_rcv frees the original, whatever reason it gives
    if tuple.proto == .icmp || tuple.proto == .icmpv6, place?.hasPrefix("ping_rcv+") ?? false {
      return true
    }
    if reason != "NOT_SPECIFIED" { return ReasonWords(named: reason)?.isHarmless ?? false }
    guard let place else { return false }
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
    .conntrackFull, .conntrackRace, .checksumError,
    .noEndpoints, .noLocalEndpoint, .unallocatedAddress, .mtuBlackhole, .mtuExceeded,
    .vniMismatch, .tunnelPortMismatch, .noTunnelPeer, .tunnelBlocked,
    .hairpin, .staleConntrack, .routingLoop, .dnsBlocked, .policyDrop,
    .forwardingDisabled, .reversePathFilter, .noRoute, .deviceDown, .neighbourFailed,
    .portClosed, .receiverOverloaded, .congestion,
    .otherDrop, .serviceNotProgrammed, .lostBeyondNode,
    // of what worked
    .dnsSearchExpansion,
  ]

  /// What is wrong with a flow; `nil` if nothing is.
  public static func explain(_ flow: Flow, on node: any NodeView) -> Explanation? {
    let given = Case(flow, node)
    for cause in causes {
      guard var explanation = cause.examine(given) else { continue }
      if let trace = explanation.rule?.trace, let own = trace.first {
        explanation.evidence.append("the kernel's rule trace: \(own)")
        let others = trace.dropFirst().map { "others of these packets: \($0)" }
        explanation.evidence += others
      }
      return explanation
    }
    return nil
  }
}
