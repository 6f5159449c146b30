package import FlowCorrelation
package import FlowModel

/// Lookups of one client by way of kube-dns, packet by packet, as a tracer on its node tells them.
package struct SampleLookups {
  package static let client = Address(v4: 0x0af4_0105)
  package static let service = Endpoint(Address(v4: 0x0a60_000a), 53)
  package static let server = Endpoint(Address(v4: 0x0af4_020a), 53)

  package private(set) var events: [Event] = []
  /// By the index of their events.
  package private(set) var payloads: [Int: [UInt8]] = [:]
  private var ipID: UInt16 = 0x100

  package init() {}

  /// A packet at the node's veth, translated in PREROUTING, and at the tunnel's device; `time` in
  /// µs. An answer goes the other way. `dropped` stands for the last of them.
  package mutating func packet(
    _ payload: [UInt8], at time: UInt64, port: UInt16 = 40000, dropped: Bool = false
  ) {
    guard payload.count > 2 else { return }
    let isReply = payload[2] & 0x80 != 0
    let client = Endpoint(Self.client, port)
    let asked = Tuple(.udp, from: client, to: Self.service)
    let translated = Tuple(.udp, from: client, to: Self.server)
    ipID += 1
    func see(
      _ offset: UInt64, _ hook: Hook, _ interface: UInt32, _ tuple: Tuple, isFirst: Bool = false,
      isTranslated: Bool = false
    ) {
      var event = Event(
        time: 1_000_000_000 + (time + offset) * 1000, netns: 2, hook: hook, tuple: tuple)
      event.interface = interface
      event.payload = UInt16(payload.count)
      event.length = UInt32(payload.count) + 28
      event.mtu = 1500
      event.ipID = ipID
      if hook == .drop { event.dropReason = 9 }
      if isFirst { payloads[events.count] = Array(payload.prefix(254)) }
      if isTranslated {
        event.netfilterHook = isReply ? .postrouting : .prerouting
        event.conntrack = .init(
          original: asked, reply: translated.inverse, status: 0, zone: 0, isReply: isReply)
      }
      events.append(event)
    }
    if isReply {
      see(0, .tcIngress, 11, translated.inverse, isFirst: true)
      see(20, .nfSNATDone, 7, asked.inverse, isTranslated: true)
      see(50, dropped ? .drop : .tcEgress, 7, asked.inverse)
    } else {
      see(0, .tcIngress, 7, asked, isFirst: true)
      see(20, .nfDNATDone, 7, translated, isTranslated: true)
      see(50, dropped ? .drop : .tcEgress, 11, translated)
    }
  }

  /// A question and its answer 500 µs later.
  package mutating func lookup(
    _ name: String, type: UInt16 = 1, id: UInt16 = 7, code: UInt16 = 0, at time: UInt64,
    port: UInt16 = 40000
  ) {
    packet(DNSBytes.query(name, type: type, id: id), at: time, port: port)
    let data: [UInt8] =
      type == 28 ? [0xfd] + [UInt8](repeating: 0, count: 14) + [1] : [10, 96, 0, 50]
    packet(
      DNSBytes.response(name, type: type, id: id, code: code, data: code == 0 ? [data] : []),
      at: time + 500, port: port)
  }

  /// `change` may alter or take a payload.
  package func tell(
    _ correlator: inout FlowCorrelator, _ change: (Int, [UInt8]?) -> [UInt8]? = { $1 }
  ) {
    for (i, event) in events.enumerated() {
      correlator.ingest(event, payload: change(i, payloads[i]))
    }
  }

  /// What the correlator makes of it.
  package func flows() -> [Flow] {
    var correlator = FlowCorrelator()
    tell(&correlator)
    return correlator.drain()
  }
}
