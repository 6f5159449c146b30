import FlowModel
import Testing

@testable import KernelTracing

private func decode(_ bytes: [UInt8]) -> Event? {
  unsafe bytes.withUnsafeBytes { unsafe Event(record: $0) }
}

private func payload(_ bytes: [UInt8]) -> [UInt8]? {
  unsafe bytes.withUnsafeBytes { unsafe Event.payload(record: $0) }
}

private func endpoint(_ address: String, _ port: UInt16) throws -> Endpoint {
  Endpoint(try #require(Address(address)), port)
}

@Suite struct EventDecoderTests {
  @Test("every field of a translated SYN is read") func translated() throws {
    #expect(Fixture.translated.count == 192)
    let event = try #require(decode(Fixture.translated))
    let client = try endpoint("10.244.1.5", 43122)
    let server = try endpoint("10.244.2.8", 8080)
    var expected = Event(
      time: 123_456_789, netns: 0xf000_0098, hook: .nfFilter,
      tuple: Tuple(.tcp, from: client, to: server))
    expected.skb = 0xffff_8881_8a34_1200
    expected.netfilterHook = .forward
    expected.table = .filter
    expected.interface = 7
    expected.outInterface = 9
    expected.conntrack = Event.Conntrack(
      original: Tuple(.tcp, from: client, to: try endpoint("10.96.0.50", 80)),
      reply: Tuple(.tcp, from: server, to: client), status: 0x12a, zone: 5, isReply: false)
    expected.length = 60
    expected.gsoSize = 1448
    expected.mtu = 1500
    expected.mark = 0x4000
    expected.ttl = 63
    expected.ipID = 0x1234
    expected.fragment = 0x4000
    expected.tcpFlags = .syn
    expected.sequence = 0x1234_5678
    expected.acknowledgment = 0x9abc_def0
    #expect(event == expected)
    #expect(event.dontFragment)
  }

  @Test("a drop has its reason and place, an IPv6 packet its text") func dropped() throws {
    #expect(Fixture.dropped.count == 192)
    let event = try #require(decode(Fixture.dropped))
    #expect(event.hook == .drop)
    #expect(event.dropReason == 8)
    #expect(event.location == 0xffff_ffff_81a0_1234)
    #expect(event.netfilterHook == nil)
    #expect(event.conntrack == nil)
    #expect(event.carrier == .none)
    #expect(event.tuple.proto == .udp)
    #expect("\(event.tuple)" == "[fd00:10:244::5]:5353 → [fd00:10:96::a]:53")
    #expect(event.payload == 20)
    #expect(event.length == 68)
    #expect(event.mtu == 1450)
    #expect(event.dontFragment, "no router fragments IPv6")
  }

  @Test("a tunnelled packet carries its outer tuple and VNI, and no conntrack entry")
  func tunnelled() throws {
    let event = try #require(decode(Fixture.tunnelled))
    let outer = Tuple(
      .udp, from: try endpoint("192.168.1.12", 57794), to: try endpoint("192.168.1.11", 8472))
    #expect(event.carrier == .tunnel(outer: outer, vni: 4096))
    #expect(event.conntrack == nil)
    #expect("\(event.tuple)" == "10.244.1.5:43122 → 10.244.2.8:8080")
  }

  @Test("an ICMP error is about the quoted packet") func icmpError() throws {
    let event = try #require(decode(Fixture.icmpError))
    let outer = Tuple(
      .icmp, from: try endpoint("10.244.2.1", 0), to: try endpoint("10.244.1.5", 0))
    #expect(event.carrier == .icmpError(outer: outer))
    #expect(event.icmpType == 3)
    #expect(event.icmpCode == 4)
    #expect(event.tuple.proto == .tcp)
  }

  @Test("the reply direction and the truncation mark are read") func flags() throws {
    var bytes = Fixture.translated
    bytes[83] = 1  // ct_dir
    bytes[81] |= 8  // KFT_F_TRUNCATED
    let event = try #require(decode(bytes))
    #expect(event.conntrack?.isReply == true)
    #expect(event.isTruncated)
  }

  @Test("without its flag, what is left in the tuples is no conntrack entry") func noFlag() throws {
    var bytes = Fixture.translated
    bytes[81] = 0
    #expect(try #require(decode(bytes)).conntrack == nil)
  }

  @Test("a record cut short anywhere is none") func truncated() {
    for count in 0..<192 { #expect(decode(Array(Fixture.translated[..<count])) == nil) }
  }

  @Test("a longer record, of a newer program, is read as far as it is known") func oversize() {
    #expect(
      decode(Fixture.translated + hex("ff ff ff ff ff ff ff ff")) == decode(Fixture.translated))
  }

  @Test("a DNS record is the event and as many bytes as it says, never more than there are")
  func payloads() {
    let data = (0..<254).map { UInt8($0) }
    for length in [0, 1, 12, 253, 254, 255, 4000, 65535] {
      let bytes = Fixture.dropped + [UInt8(length & 255), UInt8(length >> 8)] + data
      #expect(bytes.count == 448)
      #expect(payload(bytes) == Array(data.prefix(length)))
      #expect(decode(bytes) == decode(Fixture.dropped))
      #expect(payload(Array(bytes.dropLast())) == nil, "cut short")
    }
  }

  @Test("a record need not be aligned") func unaligned() {
    let shifted = [0] + Fixture.translated
    let event = unsafe shifted.withUnsafeBytes {
      unsafe Event(record: UnsafeRawBufferPointer(rebasing: $0[1...]))
    }
    #expect(event == decode(Fixture.translated))
  }

  @Test("an unknown hook is no event") func unknownHook() {
    let known = Set(Hook.allCases.map(\.rawValue))
    for number in UInt8.min...UInt8.max {
      var bytes = Fixture.translated
      bytes[74] = number
      #expect((decode(bytes) != nil) == known.contains(number), "hook \(number)")
    }
  }

  @Test("unknown netfilter hooks and tables are left open") func unknownDetails() throws {
    for number in UInt8(5)...UInt8.max {
      var bytes = Fixture.translated
      bytes[75] = number
      #expect(try #require(decode(bytes)).netfilterHook == nil)
      bytes[82] = max(number, 7)
      #expect(try #require(decode(bytes)).table == .other)
    }
  }

  @Test("no bytes crash it") func junk() throws {
    var numbers = Numbers(1)
    let hooks = Hook.allCases.map(\.rawValue)
    for _ in 0..<2000 {
      var bytes = (0..<192).map { _ in UInt8.random(in: 0...255, using: &numbers) }
      bytes[74] = try #require(hooks.randomElement(using: &numbers))
      // a time no clock shows
      bytes[7] |= 0x40
      #expect(decode(bytes) == nil)
      bytes[7] &= 0x3f
      let event = try #require(decode(bytes))
      #expect(event.hook.rawValue == bytes[74])
      #expect(event.tuple.source.address.bytes == Array(bytes[84..<100]))
      #expect(event.tuple.destination.port == UInt16(bytes[118]) << 8 | UInt16(bytes[119]))
    }
  }
}
