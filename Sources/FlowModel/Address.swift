/// An IPv4 or IPv6 address: 16 bytes in network byte order, IPv4 as `::ffff:a.b.c.d`.
public struct Address: Hashable, Sendable, Comparable {
  /// Bytes 0 to 7, the first the most significant.
  public let high: UInt64
  /// Bytes 8 to 15.
  public let low: UInt64

  /// From the two halves of the 16 bytes.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// From an IPv4 address whose most significant byte is the first octet.
  public init(v4: UInt32) {
    self.init(high: 0, low: 0xffff_0000_0000 | UInt64(v4))
  }

  /// The all-zero address, which stands for "any" in selectors.
  public static let any = Address(high: 0, low: 0)

  /// Whether the address is IPv4.
  public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  /// Whether it is in 127.0.0.0/8 or `::1`.
  public var isLoopback: Bool {
    isIPv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1
  }

  /// Whether it is for many: 224.0.0.0/4, ff00::/8, or 255.255.255.255.
  public var isMulticast: Bool {
    isIPv4 ? low >> 28 & 0xf == 0xe || low & 0xffff_ffff == 0xffff_ffff : high >> 56 == 0xff
  }

  /// The number of bits of an address of this family: 32 or 128.
  public var bits: Int { isIPv4 ? 32 : 128 }

  /// The 16 bytes in network byte order.
  public var bytes: [UInt8] {
    (0..<16).map { i in
      UInt8(truncatingIfNeeded: (i < 8 ? high : low) >> UInt64(56 - 8 * (i % 8)))
    }
  }

  /// From 16 bytes in network byte order; `nil` for any other count.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    var halves: (UInt64, UInt64) = (0, 0)
    for (i, byte) in bytes.enumerated() {
      if i < 8 {
        halves.0 = halves.0 << 8 | UInt64(byte)
      } else {
        halves.1 = halves.1 << 8 | UInt64(byte)
      }
    }
    self.init(high: halves.0, low: halves.1)
  }

  /// By value, IPv4 before IPv6.
  public static func < (a: Address, b: Address) -> Bool {
    (a.high, a.low) < (b.high, b.low)
  }

  /// Whether the first `prefix` bits equal those of `network`.
  public func isIn(_ network: Address, prefix: Int) -> Bool {
    guard isIPv4 == network.isIPv4 else { return false }
    let count = min(max(prefix, 0), bits) + (isIPv4 ? 96 : 0)
    let highMask = count >= 64 ? UInt64.max : count == 0 ? 0 : ~(UInt64.max >> UInt64(count))
    let lowBits = count - 64
    let lowMask =
      lowBits <= 0 ? 0 : lowBits >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(lowBits))
    return (high ^ network.high) & highMask == 0 && (low ^ network.low) & lowMask == 0
  }
}

extension Address: LosslessStringConvertible {
  /// Parses dotted IPv4 or RFC 4291 IPv6 text (no zone, no brackets).
  public init?(_ text: some StringProtocol) {
    if text.contains(":") {
      self.init(ipv6: text)
    } else {
      guard let v4 = Address.parseIPv4(text) else { return nil }
      self.init(v4: v4)
    }
  }

  private static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
        part.count == 1 || part.first != "0", let octet = UInt8(part)
      else { return nil }
      value = value << 8 | UInt32(octet)
    }
    return value
  }

  private init?(ipv6 text: some StringProtocol) {
    func groups(_ part: some StringProtocol) -> [UInt16]? {
      if part.isEmpty { return [] }
      var result: [UInt16] = []
      let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
      for (i, piece) in pieces.enumerated() {
        if i == pieces.count - 1, piece.contains(".") {
          guard let v4 = Address.parseIPv4(piece) else { return nil }
          result += [UInt16(v4 >> 16), UInt16(truncatingIfNeeded: v4)]
        } else {
          guard (1...4).contains(piece.count), piece.allSatisfy(\.isHexDigit),
            let group = UInt16(piece, radix: 16)
          else { return nil }
          result.append(group)
        }
      }
      return result
    }
    var all: [UInt16]
    if let gap = Address.firstGap(text) {
      guard let front = groups(text[..<gap.lowerBound]), let back = groups(text[gap.upperBound...]),
        front.count + back.count < 8
      else { return nil }
      all = front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    } else {
      guard let exact = groups(text), exact.count == 8 else { return nil }
      all = exact
    }
    self.init(
      high: all[0..<4].reduce(0) { $0 << 16 | UInt64($1) },
      low: all[4..<8].reduce(0) { $0 << 16 | UInt64($1) })
  }

  /// Where `::` stands.
  private static func firstGap<S: StringProtocol>(_ text: S) -> Range<S.Index>? {
    var i = text.startIndex
    while i < text.endIndex {
      let next = text.index(after: i)
      if text[i] == ":", next < text.endIndex, text[next] == ":" {
        return i..<text.index(after: next)
      }
      i = next
    }
    return nil
  }

  /// Dotted IPv4, or IPv6 as RFC 5952 writes it.
  public var description: String {
    var text: [UInt8] = []
    append(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The same in ASCII.
  package func append(to text: inout [UInt8]) {
    if isIPv4 {
      for shift: UInt64 in [24, 16, 8, 0] {
        let octet = UInt8(truncatingIfNeeded: low >> shift)
        if octet >= 100 { text.append(48 + octet / 100) }
        if octet >= 10 { text.append(48 + octet / 10 % 10) }
        text.append(48 + octet % 10)
        if shift > 0 { text.append(UInt8(ascii: ".")) }
      }
      return
    }
    func group(_ i: Int) -> UInt16 {
      UInt16(truncatingIfNeeded: (i < 4 ? high : low) >> UInt64(48 - 16 * (i % 4)))
    }
    // the longest run of two or more zero groups, the first of equals
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, group(end) == 0 { end += 1 }
      if end - start >= 2, end - start > best.count { best = start..<end }
      start = max(end, start + 1)
    }
    var i = 0
    while i < 8 {
      if !best.isEmpty, i == best.lowerBound {
        text.append(UInt8(ascii: ":"))
        text.append(UInt8(ascii: ":"))
        i = best.upperBound
        continue
      }
      if i > 0, i != best.upperBound || best.isEmpty { text.append(UInt8(ascii: ":")) }
      var isLeading = true
      for shift: UInt16 in [12, 8, 4, 0] {
        let digit = UInt8(truncatingIfNeeded: group(i) >> shift & 15)
        if isLeading, digit == 0, shift > 0 { continue }
        isLeading = false
        text.append(digit < 10 ? 48 + digit : 87 + digit)
      }
      i += 1
    }
  }
}
