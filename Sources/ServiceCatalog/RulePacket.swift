public import FlowModel

/// A packet as it was at a netfilter hook; `nil` stands for "not known", never for "none".
public struct RulePacket: Hashable, Sendable {
  /// The addresses and ports in its headers when it was seen.
  public var tuple: Tuple
  public var inInterface: String?
  public var outInterface: String?
  public var mark: UInt32?
  public var tcpFlags: TCPFlags?
  public var icmpType: UInt8?
  public var icmpCode: UInt8?
  /// Bytes from the IP header on.
  public var length: UInt32?
  /// Whether it is a fragment behind the first.
  public var isLaterFragment: Bool?
  /// The states it may be in.
  public var states: ConntrackStates
  /// Low bits of `enum ip_conntrack_status`.
  public var conntrackStatus: UInt16?
  /// The tuples of its conntrack entry.
  public var original: Tuple?
  public var reply: Tuple?
  /// Whether it goes in the reply direction.
  public var isReply: Bool?
  /// All addresses of the namespace.
  public var localAddresses: Set<Address>?

  /// A packet of which only the addresses and ports are known.
  public init(_ tuple: Tuple) {
    self.tuple = tuple
    states = .any
  }

  /// The packet netfilter had in hand when an event was made: the outer one of a tunnel, the
  /// ICMP error itself.
  public init(
    _ event: Event, inInterface: String? = nil, outInterface: String? = nil,
    localAddresses: Set<Address>? = nil
  ) {
    self.init(event.tuple)
    self.inInterface = inInterface
    self.outInterface = outInterface
    self.localAddresses = localAddresses
    mark = event.mark
    length = event.length == 0 ? nil : event.length
    let proto = event.tuple.proto
    switch event.carrier {
    case .none:
      isLaterFragment = event.fragment & 0x1fff != 0
      if proto == .tcp, !event.isTruncated { tcpFlags = event.tcpFlags }
      if proto == .icmp || proto == .icmpv6, !event.isTruncated {
        icmpType = event.icmpType
        icmpCode = event.icmpCode
      }
    case .tunnel(let outer, _): tuple = outer
    case .icmpError(let outer):
      tuple = outer
      icmpType = event.icmpType
      icmpCode = event.icmpCode
    }
    read(event.conntrack, event)
  }

  /// What `resolve_normal_ct()` in nf_conntrack_core.c makes of the entry.
  private mutating func read(_ conntrack: Event.Conntrack?, _ event: Event) {
    guard let conntrack else {
      // before conntrack has seen it a packet has no entry; behind it that means something
      let hook = event.netfilterHook
      if hook == .forward || hook == .input || hook == .postrouting { states = .withoutEntry }
      return
    }
    original = conntrack.original
    reply = conntrack.reply
    conntrackStatus = conntrack.status
    isReply = conntrack.isReply
    let (isExpected, isAnswered) = (conntrack.status & 1 != 0, conntrack.status & 2 != 0)
    if case .icmpError = event.carrier {
      states = .related
    } else if conntrack.isReply || isAnswered {
      states = .established
    } else {
      states = isExpected ? .related : .new
    }
  }

  /// The IP version of the packet.
  public var family: IPFamily { tuple.source.address.isIPv4 ? .ipv4 : .ipv6 }

  /// Whether its destination has been rewritten by now, in the original direction.
  var isDestinationTranslated: Bool {
    guard isReply == false, let original else { return false }
    return tuple.destination != original.destination
  }

  /// Whether its source has been rewritten by now, in the original direction.
  var isSourceTranslated: Bool {
    guard isReply == false, let original else { return false }
    return tuple.source != original.source
  }
}
