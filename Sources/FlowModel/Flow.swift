/// What a hop meant for its packet, found by comparing it with the sighting before.
public enum Action: Hashable, Sendable {
  /// Came in at a device.
  case received
  /// Left by a device.
  case sent
  /// Destination rewritten (in the reply direction: the source NAT undone).
  case destinationNAT(to: Endpoint, undone: Bool)
  /// Source rewritten (in the reply direction: the destination NAT undone).
  case sourceNAT(to: Endpoint, undone: Bool)
  /// Put into a tunnel.
  indirect case encapsulated(outer: Tuple, vni: UInt32)
  /// Taken out of a tunnel.
  case decapsulated
  /// Handed to the sockets of its namespace.
  case delivered
  /// Went past a hook or a kernel function.
  case passed
  /// An ICMP error about this packet was made here.
  case icmpErrorMade(type: UInt8, code: UInt8)
  /// This packet made the socket layer answer with a reset.
  case answeredByReset
  case dropped
  /// Freed in the course of things: its work was done.
  case freed
}

/// One sighting in the way of one packet.
public struct Hop: Hashable, Sendable {
  public var event: Event
  public var action: Action
  /// Shown only when all is asked for: it adds nothing to the hops around it.
  public var isDetail: Bool
  /// For a drop: the last netfilter hook the packet had entered and not left.
  public var netfilterHook: NetfilterHook?

  /// Whether the packet died here.
  public var isDrop: Bool {
    if case .dropped = action { true } else { false }
  }

  public init(event: Event, action: Action, isDetail: Bool) {
    self.event = event
    self.action = action
    self.isDetail = isDetail
    netfilterHook = event.netfilterHook
  }
}

/// One packet on its way: every place it was seen, in order.
public struct Transmission: Hashable, Sendable {
  /// Whether it goes from server to client.
  public var isReply: Bool
  public var hops: [Hop]
  /// How many later packets of the same kind went the same way to the same end and were
  /// folded into this one.
  public var repeats: Int

  public init(isReply: Bool, hops: [Hop], repeats: Int = 0) {
    self.isReply = isReply
    self.hops = hops
    self.repeats = repeats
  }

  /// The hop that dropped it.
  public var drop: Hop? { hops.lastIndex { $0.isDrop }.map { hops[$0] } }
  /// The packet as first seen.
  public var first: Event? { hops.first?.event }
  /// Whether it is an ICMP error about a packet of the flow.
  public var isICMPError: Bool { hops.first?.event.isICMPError ?? false }
}

/// How far a connection came.
public enum FlowState: String, Sendable, CaseIterable {
  /// Packets one way only.
  case noAnswer = "no-answer"
  /// TCP: answered by a reset before it was established.
  case refused
  /// Answered; not closed when last seen.
  case open
  /// TCP: a reset after it was established.
  case reset
  /// Closed in order, or for UDP: asked and answered.
  case completed
}

/// A connection as its client meant it.
public struct Flow: Sendable {
  /// Counts from 1 within a trace.
  public var id: UInt64
  /// Client to server as the client sent it: before any NAT.
  public var original: Tuple
  /// The same after all NAT; `nil` if none was seen.
  public var translated: Tuple?
  /// Where its packets were sent by NAT, in order. More than one if a first packet was dropped:
  /// it left no conntrack entry, and the next one had its endpoint drawn anew.
  public var attempts: [Endpoint]
  /// Other connections, as their clients sent them, whose packets NAT gave the same tuple meanwhile:
  /// one conntrack entry can't stand for both.
  public var rivals: [Tuple]
  public var zone: UInt16
  /// The namespace it was first seen in.
  public var netns: UInt32
  /// CLOCK_BOOTTIME, ns, of the first and the last sighting.
  public var start: UInt64
  public var end: UInt64
  public var state: FlowState
  /// Packets (not sightings) from the client and from the server.
  public var packets: (original: Int, reply: Int)
  /// Payload bytes in them.
  public var bytes: (original: Int, reply: Int)
  public var syns: Int
  /// Packets sent again, by the sender's own word (TCP only).
  public var retransmissions: Int
  /// Packets whose way was kept: the first of each kind, and all that died, folded.
  public var transmissions: [Transmission]
  /// Largest IP packet that was seen leaving a tunnel or device, bytes.
  public var largestPassed: UInt32
  /// Some events were lost while it was traced: what is missing may be ours.
  public var mayMissEvents: Bool
  /// What was asked and answered, if DNS was traced, in the order it was asked; of very many the
  /// latest.
  public var dns: [DNSExchange] = []
  /// How many more there were.
  public var dnsOmitted = 0
  /// Names its client tried before, if this flow's answer ended a search.
  public var dnsSearch: DNSSearch?

  /// TCP, UDP, ….
  public var proto: IPProtocol { original.proto }
  /// Packets that died, folded.
  public var drops: [Transmission] { transmissions.filter { $0.drop != nil } }
  /// How many packets died.
  public var dropCount: Int { drops.reduce(0) { $0 + 1 + $1.repeats } }

  public init(id: UInt64, original: Tuple, netns: UInt32, start: UInt64) {
    self.id = id
    self.original = original
    self.netns = netns
    self.start = start
    end = start
    attempts = []
    rivals = []
    zone = 0
    state = .noAnswer
    packets = (0, 0)
    bytes = (0, 0)
    syns = 0
    retransmissions = 0
    transmissions = []
    largestPassed = 0
    mayMissEvents = false
  }
}
