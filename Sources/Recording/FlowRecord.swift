public import Diagnosis
public import FlowModel

/// A finished flow as one JSON object: what `--json` prints, a line each.
public struct FlowRecord: Encodable, Sendable {
  /// An address and port.
  public struct Peer: Encodable, Hashable, Sendable {
    public var address: String
    public var port: UInt16

    init(_ endpoint: Endpoint) {
      address = "\(endpoint.address)"
      port = endpoint.port
    }
  }

  /// One direction.
  public struct Pair: Encodable, Hashable, Sendable {
    public var source: Peer
    public var destination: Peer

    init(_ tuple: Tuple) {
      source = Peer(tuple.source)
      destination = Peer(tuple.destination)
    }
  }

  public struct Count: Encodable, Sendable {
    public var original: Int
    public var reply: Int
  }

  /// A drop's own words.
  public struct DropRecord: Encodable, Sendable {
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
  public struct HopRecord: Encodable, Sendable {
    /// ns since the flow's first sighting.
    public var time: UInt64
    public var netns: String
    public var interface: String?
    public var outInterface: String?
    /// The hook's name, as in `tcIngress`.
    public var hook: String
    public var netfilterHook: String?
    public var table: String?
    public var action: String
    public var tuple: Pair
    public var original: Pair?
    public var reply: Pair?
    public var outer: Pair?
    public var vni: UInt32?
    public var length: UInt32
    public var detail: Bool
  }

  public struct PacketRecord: Encodable, Sendable {
    public var direction: String
    public var flags: String?
    public var icmpError: String?
    public var repeats: Int
    public var hops: [HopRecord]
  }

  public var schema = "kflowtrace/1"
  public var type = "flow"
  public var id: UInt64
  /// CLOCK_BOOTTIME, ns.
  public var start: UInt64
  public var end: UInt64
  /// `tcp`, `udp`, ….
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
  public var state: String
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

  /// From a flow, its explanation, and the node's names.
  public init(_ flow: Flow, _ explanation: Explanation?, on node: any NodeView) {
    id = flow.id
    start = flow.start
    end = flow.end
    transport = "\(flow.proto)".lowercased()
    source = Peer(flow.original.source)
    destination = Peer(flow.original.destination)
    service = node.service(of: flow)
    original = Pair(flow.original)
    reply = flow.translated.map { Pair($0.inverse) }
    zone = flow.zone
    attempts = flow.attempts.map(Peer.init)
    state = flow.state.rawValue
    packets = Count(original: flow.packets.original, reply: flow.packets.reply)
    bytes = Count(original: flow.bytes.original, reply: flow.bytes.reply)
    syns = flow.syns
    retransmissions = flow.retransmissions
    drops = flow.drops.compactMap { way in
      way.drop.map { hop in
        DropRecord(
          reason: node.reasonName(hop.event.dropReason),
          location: node.place(hop.event.location),
          netns: node.namespaceName(hop.event.netns),
          interface: Self.name(hop.event.interface, hop.event.netns, node),
          hook: hop.netfilterHook?.description, packets: way.repeats + 1,
          tuple: Pair(hop.event.tuple),
          rule: node.rule(for: hop))
      }
    }
    if !flow.dns.isEmpty {
      dns = flow.dns.map { DNSRecord($0, since: flow.start) }
      dnsOmitted = flow.dnsOmitted > 0 ? flow.dnsOmitted : nil
      dnsSearch = flow.dnsSearch.map(DNSSearchRecord.init)
    }
    diagnosis = explanation
    timeline = flow.transmissions.map { PacketRecord($0, since: flow.start, node) }
    mayMissEvents = flow.mayMissEvents
  }

  static func name(
    _ index: UInt32, _ netns: UInt32, _ node: any NodeView
  ) -> String? {
    index == 0 ? nil : node.interfaceName(index, in: netns)
  }
}

extension FlowRecord.PacketRecord {
  init(_ way: Transmission, since start: UInt64, _ node: any NodeView) {
    direction = way.isReply ? "reply" : "original"
    repeats = way.repeats
    if let first = way.first {
      if way.isICMPError {
        icmpError = "\(first.icmpType)/\(first.icmpCode)"
      } else if first.tuple.proto == .tcp {
        flags = "\(first.tcpFlags)"
      }
    }
    hops = way.hops.map { FlowRecord.HopRecord($0, since: start, node) }
  }
}

extension FlowRecord.HopRecord {
  init(_ hop: Hop, since start: UInt64, _ node: any NodeView) {
    let event = hop.event
    time = event.time >= start ? event.time - start : 0
    netns = node.namespaceName(event.netns)
    interface = FlowRecord.name(event.interface, event.netns, node)
    outInterface = FlowRecord.name(event.outInterface, event.netns, node)
    hook = "\(event.hook)"
    netfilterHook = (event.netfilterHook ?? hop.netfilterHook)?.description
    table = event.table == .other ? nil : "\(event.table)"
    action = hop.action.name
    tuple = FlowRecord.Pair(event.tuple)
    original = event.conntrack.map { FlowRecord.Pair($0.original) }
    reply = event.conntrack.map { FlowRecord.Pair($0.reply) }
    length = event.length
    detail = hop.isDetail
    switch event.carrier {
    case .none: break
    case .tunnel(let carrier, let number):
      outer = FlowRecord.Pair(carrier)
      vni = number
    case .icmpError(let carrier): outer = FlowRecord.Pair(carrier)
    }
  }
}

extension Action {
  /// The identifier in JSON.
  public var name: String {
    switch self {
    case .received: "in"
    case .sent: "out"
    case .destinationNAT(_, let undone): undone ? "un-snat" : "dnat"
    case .sourceNAT(_, let undone): undone ? "un-dnat" : "snat"
    case .encapsulated: "encap"
    case .decapsulated: "decap"
    case .delivered: "delivered"
    case .passed: "passed"
    case .icmpErrorMade: "icmp-error"
    case .answeredByReset: "reset-sent"
    case .dropped: "dropped"
    case .freed: "freed"
    }
  }
}
