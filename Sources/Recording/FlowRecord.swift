public import Diagnosis
public import FlowModel

/// A finished flow with every name in it: what `--json` prints, what a recording keeps, and all that
/// text and pictures are made from.
public struct FlowRecord: Hashable, Sendable, Decodable {
  /// A number for each direction.
  public struct Count: Hashable, Sendable, Decodable {
    public var original: Int
    public var reply: Int
  }

  /// An ICMP error: type and code as in its header.
  public struct ICMPError: Hashable, Sendable, Decodable {
    public var type: UInt8
    public var code: UInt8
  }

  /// A drop's own words.
  public struct DropRecord: Hashable, Sendable, Decodable {
    public var reason: String
    /// `function+0x1a`, if the kernel shows its symbols.
    public var location: String?
    public var netns: String
    public var interface: String?
    public var hook: String?
    public var packets: Int
    /// The packet as it was when it died.
    public var tuple: Pair
    public var rule: RuleFinding?
  }

  /// One sighting.
  public struct HopRecord: Hashable, Sendable, Decodable {
    /// ns since the flow's first sighting.
    public var time: UInt64
    public var netns: String
    public var interface: String?
    /// The route's device.
    public var outInterface: String?
    /// The hook's name, as in `tcIngress`.
    public var hook: String
    /// The netfilter hook; of a drop the last one that the packet had entered and not left.
    public var netfilterHook: String?
    public var table: String?
    public var action: Step
    /// NAT's new destination or source, and which of the Service's endpoints that is, from 1.
    public var to: Peer?
    public var endpointIndex: Int?
    public var tuple: Pair
    /// The conntrack entry's tuples where they are not the flow's.
    public var original: Pair?
    public var reply: Pair?
    /// The packet around it, of a tunnel or an ICMP error.
    public var outer: Pair?
    public var tunnel: String?
    public var vni: UInt32?
    /// The error that was made here about the packet.
    public var icmpError: ICMPError?
    /// Why it was freed, and where.
    public var reason: String?
    public var location: String?
    /// Bytes from the IP header on.
    public var length: UInt32
    /// It adds nothing to the hops around it.
    public var detail: Bool
  }

  /// One packet on its way.
  public struct PacketRecord: Hashable, Sendable, Decodable {
    public enum Direction: String, Sendable, Decodable {
      case original, reply
    }

    public var direction: Direction
    /// Of TCP.
    public var flags: String?
    /// If it is an ICMP error about a packet of the flow.
    public var icmpError: ICMPError?
    /// Bytes after the L4 header.
    public var payload: UInt16
    /// Headers were cut short.
    public var truncated: Bool
    /// Later packets of the same kind that went the same way.
    public var repeats: Int
    public var hops: [HopRecord]

    /// The hop that dropped it.
    public var drop: HopRecord? { hops.last { $0.action == .dropped } }
    public var isReply: Bool { direction == .reply }

    /// The sighting that tells of the netfilter hook in which the hop at an index dropped the packet;
    /// `nil` if none does or needs to: one that is shown anyway says so.
    public func chains(of drop: Int) -> HopRecord? {
      guard hops[drop].action == .dropped, let hook = hops[drop].netfilterHook else { return nil }
      guard let entry = hops[..<drop].last(where: { $0.netfilterHook == hook }) else {
        // the netfilter backend does not see it entered
        return hook == "POSTROUTING" ? hops[drop] : nil
      }
      return entry.detail ? entry : nil
    }
  }

  /// Counts from 1 within a trace.
  public var id: UInt64
  /// CLOCK_BOOTTIME, ns.
  public var start: UInt64
  public var end: UInt64
  /// `tcp`, `udp`, …, `proto 99`.
  public var transport: String
  public var source: Peer
  public var destination: Peer
  public var service: ServiceName?
  /// The conntrack entry's tuples: original direction as the client sent it, reply as the
  /// server answers; absent if no NAT was seen.
  public var original: Pair
  public var reply: Pair?
  public var zone: UInt16
  /// Endpoints its packets were sent to by NAT, in order.
  public var attempts: [Peer]
  public var state: FlowState
  public var packets: Count
  public var bytes: Count
  public var syns: Int
  public var retransmissions: Int
  public var drops: [DropRecord]
  /// What was asked and answered, if DNS was traced, in the order it was asked.
  public var dns: [DNSRecord]?
  /// How many more there were before those in `dns`.
  public var dnsOmitted: Int?
  /// What the search list cost whose last name this flow asked for.
  public var dnsSearch: DNSSearchRecord?
  public var diagnosis: Explanation?
  public var timeline: [PacketRecord]
  public var mayMissEvents: Bool

  /// How many packets died.
  public var dropCount: Int { drops.reduce(0) { $0 &+ $1.packets } }
}

/// What a hop meant for its packet: `Action` by its name alone.
public enum Step: String, Sendable, Decodable {
  case received = "in"
  case sent = "out"
  case destinationNAT = "dnat"
  case sourceNATUndone = "un-snat"
  case sourceNAT = "snat"
  case destinationNATUndone = "un-dnat"
  case encapsulated = "encap"
  case decapsulated = "decap"
  case delivered
  case passed
  case icmpErrorMade = "icmp-error"
  case answeredByReset = "reset-sent"
  case dropped
  case freed
}

extension FlowState: Decodable {}
