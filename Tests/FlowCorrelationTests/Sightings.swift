import FlowModel

/// Packets of one connection, told sighting by sighting.
struct Sightings {
  static let client = Endpoint(Address(v4: 0x0af4_0105), 43122)
  static let service = Endpoint(Address(v4: 0x0a60_0032), 80)
  static let web2 = Endpoint(Address(v4: 0x0af4_0208), 8080)
  static let web1 = Endpoint(Address(v4: 0x0af4_0106), 8080)
  static let asked = Tuple(.tcp, from: client, to: service)

  static func translated(_ server: Endpoint = web2) -> Tuple {
    Tuple(.tcp, from: client, to: server)
  }

  /// The packet that is being told.
  var flags: TCPFlags = .syn
  var sequence: UInt32 = 1
  var payload: UInt16 = 0
  var skb: UInt64 = 0xffff_8880_0000_1000
  /// ns.
  var time: UInt64 = 1_000_000_000
  private(set) var events: [Event] = []

  /// A sighting 10 µs after the one before.
  mutating func see(
    _ hook: Hook, _ netns: UInt32, _ interface: UInt32, _ tuple: Tuple,
    at netfilterHook: NetfilterHook? = nil, entry: Event.Conntrack? = nil,
    _ change: (inout Event) -> Void = { _ in }
  ) {
    time += 10_000
    var event = Event(time: time, netns: netns, hook: hook, tuple: tuple)
    event.interface = interface
    event.netfilterHook = netfilterHook
    event.conntrack = entry
    event.length = 60 + UInt32(payload)
    event.mtu = 1500
    event.skb = skb
    event.payload = payload
    if tuple.proto == .tcp {
      event.tcpFlags = flags
      event.sequence = sequence
    }
    change(&event)
    events.append(event)
  }

  static func entry(_ server: Endpoint = web2, isReply: Bool = false) -> Event.Conntrack {
    Event.Conntrack(
      original: asked, reply: translated(server).inverse, status: 0, zone: 0, isReply: isReply)
  }

  /// Client's eth0, the node's veth: before any NAT.
  mutating func leaveClient() {
    see(.tcEgress, 1, 2, Self.asked)
    see(.tcIngress, 2, 7, Self.asked)
  }

  /// DNAT and FORWARD as the netfilter backend sees them.
  mutating func passNetfilter(_ server: Endpoint = web2) {
    let entry = Self.entry(server)
    see(.nfRaw, 2, 7, Self.asked, at: .prerouting)
    see(.nfDNATDone, 2, 7, Self.translated(server), at: .prerouting, entry: entry)
    see(.nfFilter, 2, 7, Self.translated(server), at: .forward, entry: entry)
    see(.nfFilterDone, 2, 7, Self.translated(server), at: .forward, entry: entry)
    see(.nfSNATDone, 2, 7, Self.translated(server), at: .postrouting, entry: entry)
  }

  /// The same as the kprobe backend sees it.
  mutating func passFunctions(_ server: Endpoint = web2) {
    let entry = Self.entry(server)
    let untranslated = Event.Conntrack(
      original: Self.asked, reply: Self.asked.inverse, status: 0, zone: 0, isReply: false)
    see(.ipReceive, 2, 7, Self.asked)
    see(.hookSlow, 2, 7, Self.asked, at: .prerouting)
    see(.conntrackIn, 2, 7, Self.asked, at: .prerouting)
    see(.natFunction, 2, 7, Self.asked, at: .prerouting, entry: untranslated)
    see(.natManip, 2, 7, Self.asked, entry: entry)
    see(.ipForward, 2, 7, Self.translated(server), entry: entry)
    see(.hookSlow, 2, 7, Self.translated(server), at: .forward, entry: entry)
    see(.ipOutput, 2, 7, Self.translated(server), entry: entry) { $0.outInterface = 9 }
    see(.conntrackConfirm, 2, 7, Self.translated(server), entry: entry)
  }

  /// The node's other veth, the pod's eth0, its sockets.
  mutating func reachPod(_ server: Endpoint = web2) {
    see(.tcEgress, 2, 9, Self.translated(server))
    see(.tcIngress, 3, 2, Self.translated(server))
    see(.nfFilterDone, 3, 2, Self.translated(server), at: .input)
  }

  /// The answer's way back.
  mutating func comeBack(_ server: Endpoint = web2) {
    let back = Self.translated(server).inverse
    let entry = Self.entry(server, isReply: true)
    see(.tcEgress, 3, 2, back)
    see(.tcIngress, 2, 9, back)
    see(.nfDNATDone, 2, 9, back, at: .prerouting, entry: entry)
    see(.nfSNATDone, 2, 9, Self.asked.inverse, at: .postrouting, entry: entry)
    see(.tcEgress, 2, 7, Self.asked.inverse)
    see(.tcIngress, 1, 2, Self.asked.inverse)
    see(.nfFilterDone, 1, 2, Self.asked.inverse, at: .input)
  }

  /// Dies in the node's FORWARD chain.
  mutating func drop(_ server: Endpoint = web2) {
    see(.drop, 2, 7, Self.translated(server)) {
      $0.dropReason = 9
      $0.location = 1
    }
  }
}
