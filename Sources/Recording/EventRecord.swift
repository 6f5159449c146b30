internal import Diagnosis
package import FlowModel

/// One sighting of one packet as a recording keeps it, with the names of its places.
public struct EventRecord: Hashable, Sendable, Decodable {
  public struct Conntrack: Hashable, Sendable, Decodable {
    public var original: Pair
    public var reply: Pair
    /// Low bits of `enum ip_conntrack_status`.
    public var status: UInt16
    public var zone: UInt16
    public var direction: FlowRecord.PacketRecord.Direction
  }

  /// CLOCK_BOOTTIME, ns.
  public var time: UInt64
  public var hook: String
  public var netns: String
  public var interface: String?
  public var outInterface: String?
  public var netfilterHook: String?
  public var table: String?
  public var transport: String
  public var tuple: Pair
  public var outer: Pair?
  /// Of the packet around it, if that is no tunnel: of an ICMP error.
  public var tunnel: String?
  public var vni: UInt32?
  public var conntrack: Conntrack?
  /// Address of the `sk_buff`, hexadecimal: the same for the sightings of one packet.
  public var skb: String
  /// Bytes from the IP header on.
  public var length: UInt32
  /// Bytes after the L4 header.
  public var payload: UInt16
  public var gsoSize: UInt16?
  public var mtu: UInt16?
  public var mark: UInt32?
  public var ttl: UInt8
  public var ipID: UInt16
  /// IPv4 fragment bits (0x4000 don't fragment, 0x2000 more) and offset in 8-byte units.
  public var fragment: UInt16
  public var flags: String?
  public var sequence: UInt32?
  public var acknowledgment: UInt32?
  public var icmpType: UInt8?
  public var icmpCode: UInt8?
  public var truncated: Bool?
  /// Why it was freed, and where.
  public var reason: String?
  public var location: String?
}

extension JSONWriter {
  /// The line of an event, written without a record in between: there may be a million a second.
  mutating func event(_ event: Event, on node: any NodeView) {
    object {
      $0.member("schema", Schema.name)
      $0.member("type", "event")
      $0.member("time", event.time)
      $0.member("hook", event.hook.name)
      $0.member("netns", node.namespaceName(event.netns))
      if event.interface != 0 {
        $0.member("interface", node.interfaceName(event.interface, in: event.netns))
      }
      if event.outInterface != 0 {
        $0.member("outInterface", node.interfaceName(event.outInterface, in: event.netns))
      }
      $0.member("netfilterHook", event.netfilterHook?.description)
      if event.table != .other { $0.member("table", event.table.description) }
      $0.member("transport", event.tuple.proto.lowercased)
      $0.key("tuple")
      $0.pair(event.tuple)
      switch event.carrier {
      case .none: break
      case .tunnel(let outer, let vni):
        $0.key("outer")
        $0.pair(outer)
        $0.member("tunnel", event.tunnelKind.rawValue)
        $0.member("vni", vni)
      case .icmpError(let outer):
        $0.key("outer")
        $0.pair(outer)
      }
      if let entry = event.conntrack {
        $0.key("conntrack")
        $0.conntrack(entry)
      }
      $0.packet(event)
      if event.hook == .drop {
        $0.member("reason", node.reasonName(event.dropReason))
        $0.member("location", node.place(event.location))
      }
    }
    endLine()
  }

  private mutating func packet(_ event: Event) {
    member("skb", String(event.skb, radix: 16))
    member("length", event.length)
    member("payload", event.payload)
    if event.gsoSize != 0 { member("gsoSize", event.gsoSize) }
    if event.mtu != 0 { member("mtu", event.mtu) }
    if event.mark != 0 { member("mark", event.mark) }
    member("ttl", event.ttl)
    member("ipID", event.ipID)
    member("fragment", event.fragment)
    var isICMP = event.tuple.proto == .icmp || event.tuple.proto == .icmpv6
    if case .icmpError = event.carrier { isICMP = true }
    if isICMP {
      member("icmpType", event.icmpType)
      member("icmpCode", event.icmpCode)
    } else if event.tuple.proto == .tcp {
      member("flags", event.tcpFlags.description)
      member("sequence", event.sequence)
      member("acknowledgment", event.acknowledgment)
    }
    if event.isTruncated { member("truncated", true) }
  }

  private mutating func conntrack(_ entry: Event.Conntrack) {
    object {
      $0.key("original")
      $0.pair(entry.original)
      $0.key("reply")
      $0.pair(entry.reply)
      $0.member("status", entry.status)
      $0.member("zone", entry.zone)
      $0.member("direction", entry.isReply ? "reply" : "original")
    }
  }

  private mutating func pair(_ tuple: Tuple) { Pair(tuple).write(to: &self) }
}

extension IPProtocol {
  var lowercased: String {
    switch self {
    case .tcp: "tcp"
    case .udp: "udp"
    default: "\(self)".lowercased()
    }
  }
}

extension Hook {
  /// `tcIngress`, …
  package var name: String { Self.names[Int(rawValue)] }

  private static let names: [String] = {
    var names = Array(repeating: "", count: 256)
    for hook in allCases { names[Int(hook.rawValue)] = "\(hook)" }
    return names
  }()
}
