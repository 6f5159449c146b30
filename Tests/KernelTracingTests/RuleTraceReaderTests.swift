import FlowModel
import Testing

@testable import KernelTracing

@Suite struct RuleTraceReaderTests {
  private static let start = TraceMessage().headers(TracedSYN.network, TracedSYN.transport)
  private static let jump = start.rule(3, verdict: UInt32(bitPattern: -3))

  @Test("the rule that drops is told with the packet of the chain's first message")
  func dropInACalledChain() throws {
    var reader = RuleTraceReader()
    #expect(reader.read(Self.jump.bytes) == nil, "a jump is no end")
    let read = reader.read(TraceMessage(chain: "KUBE-POLICY-DEMO").rule(29, verdict: 0).bytes)
    let death = try #require(read)
    #expect("\(death.trace)" == "ip filter KUBE-POLICY-DEMO rule handle 29 verdict drop")
    #expect(death.packet.tuple == TracedSYN.tuple)
    #expect(death.packet.isPacket(of: TracedSYN.event))
    #expect(reader.read(TraceMessage().rule(29, verdict: 0).bytes) == nil, "it died once")
  }

  @Test("a policy that drops") func policy() throws {
    var reader = RuleTraceReader()
    var message = Self.start.policy(0)
    message.family = 1
    let read = reader.read(message.bytes)
    let death = try #require(read)
    #expect("\(death.trace)" == "inet filter FORWARD policy drop")
    #expect(death.trace.handle == nil)
  }

  @Test(
    "what does not end a packet is none",
    arguments: [
      start.rule(1, verdict: 1), start.rule(1, verdict: UInt32(bitPattern: -1)),
      start.rule(1, verdict: UInt32(bitPattern: -5)), start.policy(1), start,
      TraceMessage().rule(1, verdict: 0),
    ])
  func goesOn(_ message: TraceMessage) {
    var reader = RuleTraceReader()
    #expect(reader.read(message.bytes) == nil)
  }

  @Test("a verdict with an errno in its upper bits is a drop") func dropWithError() {
    var reader = RuleTraceReader()
    #expect(reader.read(Self.start.rule(1, verdict: 0xffff_0000).bytes) != nil)
  }

  @Test("other messages, families and packets are left out") func foreign() {
    var reader = RuleTraceReader()
    var message = Self.start.rule(1, verdict: 0)
    message.type = 10 << 8 | 6
    #expect(reader.read(message.bytes) == nil)
    message = Self.start.rule(1, verdict: 0)
    message.family = 3
    #expect(reader.read(message.bytes) == nil)
    let other = TraceMessage(id: 9).rule(1, verdict: 0)
    _ = reader.read(Self.start.bytes)
    #expect(reader.read(other.bytes) == nil, "another packet's number")
  }

  @Test("headers that can't be read do not pass for the ones before") func unreadableHeaders() {
    var reader = RuleTraceReader()
    _ = reader.read(Self.start.bytes)
    _ = reader.read(TraceMessage().headers([0x45, 0], []).bytes)
    #expect(reader.read(TraceMessage().rule(1, verdict: 0).bytes) == nil)
  }

  @Test("cut off anywhere, or with any byte changed, it is no crash and no other packet")
  func damaged() {
    let whole = Self.start.rule(29, verdict: 0).bytes
    for length in 0..<whole.count {
      var reader = RuleTraceReader()
      let read = reader.read(Array(whole.prefix(length)))
      #expect(read == nil || read?.trace.handle == 29)
    }
    var numbers = Numbers(7)
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        bytes[Int.random(in: 0..<bytes.count, using: &numbers)] = .random(
          in: 0...255, using: &numbers)
      }
      var reader = RuleTraceReader()
      _ = reader.read(bytes)
      for message in NetfilterMessage.split(bytes) { _ = reader.read(message) }
    }
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...200, using: &numbers)).map { _ in
        UInt8.random(in: 0...255, using: &numbers)
      }
      var reader = RuleTraceReader()
      _ = reader.read(bytes)
      #expect(NetfilterMessage.split(bytes).allSatisfy { $0.count >= 16 })
    }
  }

  @Test("packets that never end do not pile up") func manyPackets() {
    var reader = RuleTraceReader()
    for id in 0..<UInt32(10_000) {
      _ = reader.read(
        TraceMessage(id: id).headers(TracedSYN.network, TracedSYN.transport).bytes)
    }
    #expect(reader.read(TraceMessage(id: 9_999).rule(1, verdict: 0).bytes) != nil)
    #expect(reader.read(TraceMessage(id: 1).rule(1, verdict: 0).bytes) == nil)
  }
}

@Suite struct TracedPacketTests {
  private func packet() throws -> TracedPacket {
    try #require(TracedPacket(network: TracedSYN.network, transport: TracedSYN.transport))
  }

  @Test(
    "one number off is another packet",
    arguments: [
      { $0.ipID = 1 }, { $0.sequence = 1 }, { $0.tcpFlags = [.syn, .ack] },
      { $0.tuple = TracedSYN.tuple.inverse }, { $0.tuple.source.port = 1 },
      { $0.carrier = .tunnel(outer: TracedSYN.tuple.inverse, vni: 1) },
    ] as [@Sendable (inout Event) -> Void])
  func another(_ change: @Sendable (inout Event) -> Void) throws {
    var event = TracedSYN.event
    change(&event)
    #expect(try !packet().isPacket(of: event))
  }

  @Test("a packet sent again is alike, and not the same") func sentAgain() throws {
    var network = TracedSYN.network
    network[5] += 1
    let again = try #require(TracedPacket(network: network, transport: TracedSYN.transport))
    #expect(try again.isAlike(packet()) && !again.isPacket(of: TracedSYN.event))
  }

  @Test("IPv6, and what is behind its header") func ipv6() throws {
    let header = hex("60 00 00 00 00 14 06 40") + Array(repeating: 0xfd, count: 32)
    let known = try #require(TracedPacket(network: header, transport: TracedSYN.transport))
    #expect(known.ipID == nil && known.tuple.source.port == 40000)
    var event = TracedSYN.event
    event.tuple.source.address = known.tuple.source.address
    event.tuple.destination.address = known.tuple.destination.address
    #expect(known.isPacket(of: event))
    var extended = header
    extended[6] = 44
    #expect(TracedPacket(network: extended, transport: TracedSYN.transport) == nil)
  }

  @Test("later fragments and ICMP are told by their addresses and number") func withoutPorts()
    throws
  {
    var network = TracedSYN.network
    network[7] = 1
    let fragment = try #require(TracedPacket(network: network, transport: []))
    var event = TracedSYN.event
    event.fragment = 1
    event.tuple.source.port = 0
    event.tuple.destination.port = 0
    #expect(fragment.isPacket(of: event) && fragment.tuple.source.port == 0)
    network[9] = 1
    let echo = try #require(
      TracedPacket(network: network, transport: [8, 0, 0, 0, 1, 2, 3, 4]))
    #expect(!echo.isPacket(of: event))
    event.tuple.proto = .icmp
    event.tuple.source.port = 0x0102
    #expect(echo.isPacket(of: event))
  }

  @Test("what is no IP is no packet", arguments: [[], [0x45], [0x60, 0], [0xff]] as [[UInt8]])
  func none(_ network: [UInt8]) {
    #expect(TracedPacket(network: network, transport: TracedSYN.transport) == nil)
  }
}
