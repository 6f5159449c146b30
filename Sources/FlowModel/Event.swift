/// What a packet is wrapped in.
public enum TunnelKind: String, Sendable {
  case vxlan = "VXLAN"
  case geneve = "Geneve"
  /// IP in IP, without ports or VNI.
  case ip = "IP-in-IP"
}

/// One sighting of one packet, as `struct kft_event` in bpf/event.h reports it.
public struct Event: Hashable, Sendable {
  /// What else the event knows of the packet.
  public enum Carrier: Hashable, Sendable {
    case none
    /// `tuple` is the inner packet; the outer one's tuple and the VNI.
    case tunnel(outer: Tuple, vni: UInt32)
    /// `tuple` is the packet quoted by this ICMP error.
    case icmpError(outer: Tuple)
  }

  /// The conntrack entry on the packet.
  public struct Conntrack: Hashable, Sendable {
    /// The tuple the first packet had when it came in: before any NAT.
    public var original: Tuple
    /// The tuple answers have: its inverse is the original direction after all NAT.
    public var reply: Tuple
    /// Low bits of `enum ip_conntrack_status`.
    public var status: UInt16
    public var zone: UInt16
    /// Whether this packet goes in the reply direction.
    public var isReply: Bool

    public init(original: Tuple, reply: Tuple, status: UInt16, zone: UInt16, isReply: Bool) {
      self.original = original
      self.reply = reply
      self.status = status
      self.zone = zone
      self.isReply = isReply
    }

    /// The original direction after all NAT.
    public var translated: Tuple { reply.inverse }
    /// Whether it is in the table: IPS_CONFIRMED of include/uapi/linux/netfilter/nf_conntrack_common.h.
    public var isConfirmed: Bool { status & 8 != 0 }
    /// Whether the tuples differ, that is, NAT applies.
    public var isTranslated: Bool { translated != original }
    /// Whether IPVS changed the destination: conntrack's own NAT was asked and left it as it was
    /// (IPS_DST_NAT_DONE without IPS_DST_NAT).
    public var isByIPVS: Bool {
      status & 0x120 == 0x100 && translated.destination != original.destination
    }
  }

  /// CLOCK_BOOTTIME, ns.
  public var time: UInt64
  /// Address of the `sk_buff`.
  public var skb: UInt64
  /// Inode number of the network namespace.
  public var netns: UInt32
  public var hook: Hook
  public var netfilterHook: NetfilterHook?
  public var table: Table
  /// Index of the device the packet is on or came from; 0 unknown.
  public var interface: UInt32
  /// Index of the route's device; 0 before routing.
  public var outInterface: UInt32
  /// The innermost packet of interest.
  public var tuple: Tuple
  /// With `carrier` a tunnel.
  public var tunnelKind: TunnelKind
  /// `nil` if it knows neither; shared by the sightings of a connection.
  private var extra: Extra?
  /// Bytes from the IP header on.
  public var length: UInt32
  /// Bytes after the L4 header.
  public var payload: UInt16
  /// Segment payload of a GSO packet; 0 if none.
  public var gsoSize: UInt16
  /// Of the route's device if routed, else of the device.
  public var mtu: UInt16
  public var mark: UInt32
  public var ttl: UInt8
  public var ipID: UInt16
  /// IPv4 fragment bits (0x4000 don't fragment, 0x2000 more) and offset in 8-byte units.
  public var fragment: UInt16
  public var tcpFlags: TCPFlags
  public var sequence: UInt32
  public var acknowledgment: UInt32
  public var icmpType: UInt8
  public var icmpCode: UInt8
  /// Headers cut short; L4 fields are zero.
  public var isTruncated: Bool
  /// `hook == .drop`: the number of the drop reason on this kernel.
  public var dropReason: UInt32
  /// `hook == .drop`: the kernel address that freed the packet.
  public var location: UInt64

  /// An event with only the fields every hook has.
  public init(time: UInt64, netns: UInt32, hook: Hook, tuple: Tuple) {
    self.time = time
    self.netns = netns
    self.hook = hook
    self.tuple = tuple
    skb = 0
    netfilterHook = nil
    table = .other
    interface = 0
    outInterface = 0
    extra = nil
    tunnelKind = .vxlan
    length = 0
    payload = 0
    gsoSize = 0
    mtu = 0
    mark = 0
    ttl = 0
    ipID = 0
    fragment = 0
    tcpFlags = []
    sequence = 0
    acknowledgment = 0
    icmpType = 0
    icmpCode = 0
    isTruncated = false
    dropReason = 0
    location = 0
  }

  /// The packet around the one of interest.
  public var carrier: Carrier {
    get { extra?.carrier ?? .none }
    set { extra = Extra(newValue, conntrack) }
  }

  public var conntrack: Conntrack? {
    get { extra?.conntrack }
    set { extra = Extra(carrier, newValue) }
  }

  /// Whether there is a packet around the one of interest.
  public var isCarried: Bool { extra?.isCarried ?? false }
  /// Whether that is an ICMP error.
  public var isICMPError: Bool {
    if isCarried, case .icmpError = carrier { true } else { false }
  }
  /// Whether that is a tunnel's.
  public var isTunnelled: Bool { isCarried && !isICMPError }

  /// The conntrack entry if NAT applies to it, without a copy of it.
  package var translation: Translation? {
    extra.flatMap { $0.isTranslated ? Translation(extra: $0) : nil }
  }

  /// Takes the entry from an event that has the same, so that it is in memory once.
  package mutating func share(_ translation: Translation) { extra = translation.extra }

  /// A conntrack entry with NAT, as events share it.
  package struct Translation: Equatable, Sendable {
    fileprivate let extra: Extra

    /// The same tuples and zone; the status and the packet's direction may differ.
    package func hasTuples(of other: Translation) -> Bool {
      if extra === other.extra { return true }
      guard let mine = extra.conntrack, let theirs = other.extra.conntrack else { return false }
      return mine.original == theirs.original && mine.reply == theirs.reply
        && mine.zone == theirs.zone
    }

    package static func == (a: Translation, b: Translation) -> Bool {
      a.extra === b.extra || a.extra == b.extra
    }

    package var conntrack: Conntrack? { extra.conntrack }

    /// Whether a tuple is one of the entry's, either way.
    package func has(_ tuple: Tuple) -> Bool {
      guard let entry = extra.conntrack else { return false }
      return tuple.isEitherWay(entry.original) || tuple.isEitherWay(entry.reply)
    }
  }

  /// What many events don't have, and the others have alike.
  fileprivate final class Extra: Hashable, Sendable {
    let carrier: Carrier
    let conntrack: Conntrack?
    let isCarried: Bool
    let isTranslated: Bool

    /// `nil` if there is nothing.
    init?(_ carrier: Carrier, _ conntrack: Conntrack?) {
      if case .none = carrier {
        guard conntrack != nil else { return nil }
        isCarried = false
      } else {
        isCarried = true
      }
      self.carrier = carrier
      self.conntrack = conntrack
      isTranslated = conntrack?.isTranslated ?? false
    }

    static func == (a: Extra, b: Extra) -> Bool {
      a.isCarried == b.isCarried && a.conntrack == b.conntrack
        && (!a.isCarried || a.carrier == b.carrier)
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(carrier)
      hasher.combine(conntrack)
    }
  }

  /// Whether the packet may not be fragmented (IPv6 packets never are on the way).
  public var dontFragment: Bool { fragment & 0x4000 != 0 || !tuple.source.address.isIPv4 }
}
