import CEvent
import FlowModel
import Testing

@testable import KernelTracing

/// A packet's bit as bpf/match.bpf.h has it, from the address as the program loads it: four
/// words in the byte order of the machine.
private func bitInKernel(_ address: Address) -> Int {
  let bytes = address.bytes
  let w = unsafe bytes.withUnsafeBytes { raw in
    (0..<4).map { unsafe raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
  }
  let mixed = w[0] ^ w[1] &* 0x85eb_ca6b ^ w[2] &* 0xc2b2_ae35 ^ w[3]
  return Int((mixed &* 0x9e37_79b1) >> 16)
}

/// The bits that are set in the object's data section.
private struct Bits {
  private let bytes: [UInt8]

  init(_ set: MatchSet) throws {
    let object = try BPFObject(direct: true)
    try object.setBits(set)
    let (start, size) = unsafe try object.memory(of: ".bss.match")
    bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: size))
  }

  /// As kft_bit reads it.
  private func bit(_ n: Int, at base: Int) -> Bool {
    let word = (0..<8).reduce(UInt64(0)) { sum, i in
      sum | UInt64(bytes[base + (n & 65535) / 64 * 8 + i]) << UInt64(8 * i)
    }
    return word >> UInt64(n & 63) & 1 == 1
  }

  func has(_ address: Address) -> Bool { bit(bitInKernel(address), at: 0) }
  /// `port` as it is loaded from the packet.
  func has(port: UInt16) -> Bool { bit(Int(port.bigEndian), at: 8192) }
  var count: Int { bytes[..<16384].reduce(0) { $0 + $1.nonzeroBitCount } }
}

@Suite struct MatchBitsTests {
  /// Computed with Python from the C text of kft_address_hash, little-endian words.
  @Test(
    "an address has the bit that the program looks at",
    arguments: [
      ("10.96.0.50", 60968), ("10.244.2.8", 8992), ("255.255.255.255", 57709),
      ("fd00:10:96::a", 46570), ("2001:db8:1:2:3:4:5:6", 57026), ("::1", 45312),
    ])
  func known(_ text: String, _ bit: Int) throws {
    #expect(try #require(Address(text)).matchBit == bit)
  }

  @Test("an empty set sets none") func empty() throws {
    #expect(try Bits(MatchSet()).count == 0)
  }

  @Test("an address sets one bit, whatever its ports and protocols") func one() throws {
    let address = try #require(Address("10.96.0.50"))
    var set = MatchSet()
    for port in UInt16(1)...20 { set.sides.insert(.init(address: address, port: port)) }
    let bits = try Bits(set)
    #expect(bits.count == 1)
    #expect(bits.has(address))
  }

  @Test("a port alone sets its bit as it is in the packet") func port() throws {
    var set = MatchSet()
    set.sides = [.init(address: nil, port: 30080)]
    let bits = try Bits(set)
    #expect(bits.count == 1)
    #expect(bits.has(port: 30080))
    #expect(!bits.has(port: UInt16(30080).byteSwapped))
  }

  @Test("both sides of a pair set theirs") func pair() throws {
    let a = try #require(Address("fd00::a"))
    let b = try #require(Address("fd00::b"))
    var set = MatchSet()
    set.pairs = [(.init(address: a), .init(address: b, port: 443, proto: .tcp))]
    let bits = try Bits(set)
    #expect(bits.has(a))
    #expect(bits.has(b))
    #expect(bits.count == 2)
  }

  @Test("of thousands of addresses and ports none is missed, and most others are let go")
  func noFalseNegatives() throws {
    var numbers = Numbers(7)
    var addresses: [Address] = []
    var ports: [UInt16] = []
    var set = MatchSet()
    for i in 0..<4000 {
      let random: UInt64 = numbers.next()
      let address =
        i.isMultiple(of: 2)
        ? Address(v4: UInt32(truncatingIfNeeded: random))
        : Address(high: 0xfd00_0010_0000_0000 | random >> 40, low: numbers.next())
      addresses.append(address)
      set.sides.insert(
        .init(
          address: address,
          port: i.isMultiple(of: 3) ? nil : UInt16.random(in: 1...65535, using: &numbers)))
      if i.isMultiple(of: 4) {
        let port = UInt16.random(in: 1...65535, using: &numbers)
        ports.append(port)
        set.sides.insert(.init(address: nil, port: port, proto: .tcp))
      }
    }
    let bits = try Bits(set)
    #expect(addresses.allSatisfy(bits.has))
    #expect(ports.allSatisfy(bits.has(port:)))
    // 4,000 of 65,536 bits: a stranger is let go 15 times out of 16
    let strangers = (0..<4000).map { _ in
      Address(v4: UInt32.random(in: 0...(.max), using: &numbers))
    }
    #expect(strangers.count(where: bits.has) < 4000 / 8)
  }

  @Test("neighbours in a subnet do not share a bit") func neighbours() {
    let pods = (0..<256).map { Address(v4: 0x0af4_0100 + UInt32($0)) }
    #expect(Set(pods.map(\.matchBit)).count > 250)
  }
}
