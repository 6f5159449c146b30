internal import Recording

/// 128 bits that are the same whenever the same connection of the same trace is exported, and most
/// likely no other's.
struct Identifier {
  private(set) var high: UInt64 = 0xcbf2_9ce4_8422_2325
  private(set) var low: UInt64 = 0x6c62_272e_07bb_0142

  init(_ flow: FlowRecord, _ header: HeaderRecord?) {
    add(header?.node ?? "")
    add(header?.clock.boottime ?? 0)
    add(header?.clock.realtime ?? 0)
    add(flow.id)
    add("\(flow.transport) \(flow.original)")
  }

  /// Of a part of what `self` is of.
  func part(_ number: Int) -> Identifier {
    var result = self
    result.add(UInt64(number) &+ 1)
    return result
  }

  /// 16 hexadecimal digits, not all 0.
  var short: String { Self.hex(high ^ low == 0 ? 1 : high ^ low) }

  /// 32 hexadecimal digits, not all 0.
  var long: String { Self.hex(high) + Self.hex(low == 0 ? 1 : low) }

  /// As RFC 9562 has it, version 8.
  var uuid: String {
    let text = Array(Self.hex(high & ~0xf000 | 0x8000) + Self.hex(low & ~(3 << 62) | 1 << 63))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }
      .joined(separator: "-")
  }

  private static func hex(_ number: UInt64) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  private mutating func add(_ text: String) {
    for byte in text.utf8 { add(UInt64(byte)) }
    add(UInt64(text.utf8.count))
  }

  private mutating func add(_ number: UInt64) {
    high = Self.mixed(high ^ number)
    low = Self.mixed(low &+ number &+ high)
  }

  /// Every bit changes half of the others.
  private static func mixed(_ number: UInt64) -> UInt64 {
    var x = number &+ 0x9e37_79b9_7f4a_7c15
    x = (x ^ x >> 30) &* 0xbf58_476d_1ce4_e5b9
    x = (x ^ x >> 27) &* 0x94d0_49bb_1331_11eb
    return x ^ x >> 31
  }
}
