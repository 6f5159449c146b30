import CEvent
import FlowModel
import Testing

@testable import KernelTracing

/// What the kernel gets, readable.
private struct Entry: Hashable {
  var address: String
  var port: UInt16
  var proto: UInt8
  var any: UInt32
  var a: UInt32 = 0
  var b: UInt32 = 0
}

private func entries(_ set: MatchSet) -> [Entry] {
  set.entries().map { key, value in
    let bytes = unsafe withUnsafeBytes(of: key.addr) { unsafe Array($0) }
    return Entry(
      address: Address(bytes: bytes).map { "\($0)" } ?? "?", port: UInt16(bigEndian: key.port),
      proto: key.proto, any: value.any, a: value.a, b: value.b)
  }
}

private func address(_ text: String) throws -> Address { try #require(Address(text)) }

@Suite struct MatchSetTests {
  @Test("nothing selected is empty") func empty() {
    #expect(MatchSet().isEmpty)
    #expect(entries(MatchSet()).isEmpty)
    var set = MatchSet()
    set.pairs = [(.init(address: .any, port: 1), .init(address: .any, port: 2))]
    #expect(!set.isEmpty)
  }

  @Test("an endpoint with its protocol is one key") func exact() throws {
    var set = MatchSet()
    set.sides = [.init(address: try address("10.96.0.50"), port: 80, proto: .tcp)]
    #expect(entries(set) == [Entry(address: "10.96.0.50", port: 80, proto: 6, any: 1)])
    let forms = set.forms
    #expect(!forms.addressOnly)
    #expect(!forms.portOnly)
  }

  @Test("without a protocol it is one key for each that has ports") func everyProtocol() throws {
    var set = MatchSet()
    set.sides = [.init(address: try address("fd00::1"), port: 53)]
    let expected = [6, 17, 132].map { Entry(address: "fd00::1", port: 53, proto: $0, any: 1) }
    #expect(Set(entries(set)) == Set(expected))
    #expect(entries(set).count == 3)
  }

  @Test("an address alone matches any port and protocol") func addressOnly() throws {
    var set = MatchSet()
    set.sides = [.init(address: try address("10.244.1.5"), proto: .udp)]
    #expect(entries(set) == [Entry(address: "10.244.1.5", port: 0, proto: 0, any: 1)])
    #expect(set.forms.addressOnly)
  }

  @Test("a port alone matches any address") func portOnly() {
    var set = MatchSet()
    set.sides = [.init(address: nil, port: 30080, proto: .tcp)]
    #expect(entries(set) == [Entry(address: "::", port: 30080, proto: 6, any: 1)])
    #expect(set.forms.portOnly)
    #expect(!set.forms.addressOnly)
  }

  @Test("a pair gives its two sides one bit each, of its own") func pairs() throws {
    let client = MatchSet.Side(address: try address("10.244.1.5"))
    let web = MatchSet.Side(address: try address("10.96.0.50"), port: 80, proto: .tcp)
    let other = MatchSet.Side(address: try address("10.96.0.51"), port: 80, proto: .tcp)
    var set = MatchSet()
    set.pairs = [(client, web), (client, other)]
    #expect(
      Set(entries(set)) == [
        Entry(address: "10.244.1.5", port: 0, proto: 0, any: 0, a: 0b11),
        Entry(address: "10.96.0.50", port: 80, proto: 6, any: 0, b: 0b01),
        Entry(address: "10.96.0.51", port: 80, proto: 6, any: 0, b: 0b10),
      ])
    #expect(set.forms.addressOnly)
  }

  @Test("one address as side and in a pair is one key with both") func merged() throws {
    let side = MatchSet.Side(address: try address("10.0.0.1"))
    var set = MatchSet()
    set.sides = [side]
    set.pairs = [(.init(address: try address("10.0.0.2")), side)]
    #expect(
      Set(entries(set)) == [
        Entry(address: "10.0.0.1", port: 0, proto: 0, any: 1, b: 1),
        Entry(address: "10.0.0.2", port: 0, proto: 0, any: 0, a: 1),
      ])
  }

  @Test("the last of 32 pairs uses the last bit") func lastBit() throws {
    var set = MatchSet()
    for i in 0..<32 {
      set.pairs.append(
        (
          .init(address: Address(v4: 0x0a00_0000 + UInt32(i))),
          .init(address: Address(v4: 0x0b00_0000 + UInt32(i)))
        ))
    }
    let last = try #require(entries(set).first { $0.address == "10.0.0.31" })
    #expect(last.a == 1 << 31)
    #expect(Set(entries(set).map { $0.a | $0.b }).count == 32)
  }

  @Test("equal sets are equal") func equality() throws {
    let a = MatchSet.Side(address: try address("10.0.0.1"))
    let b = MatchSet.Side(address: try address("10.0.0.2"))
    var (one, other) = (MatchSet(), MatchSet())
    one.pairs = [(a, b)]
    other.pairs = [(a, b)]
    #expect(one == other)
    other.pairs = [(b, a)]
    #expect(one != other)
  }
}
