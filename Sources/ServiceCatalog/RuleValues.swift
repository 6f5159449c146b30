internal import FlowModel

/// The values iptables-save writes behind options.
enum RuleValues {
  /// `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/64`; `nil` for masks with holes.
  static func network(_ text: String) -> (Address, Int)? {
    guard let slash = text.firstIndex(of: "/") else {
      return Address(text).map { ($0, $0.bits) }
    }
    guard let address = Address(text[..<slash]) else { return nil }
    let mask = text[text.index(after: slash)...]
    if let prefix = Int(mask) {
      return (0...address.bits).contains(prefix) ? (address, prefix) : nil
    }
    guard let mask = Address(mask), mask.isIPv4 == address.isIPv4 else { return nil }
    let bits = mask.bytes.suffix(address.bits / 8)
    let prefix = bits.reduce(0) { $0 + $1.nonzeroBitCount }
    let ones = Address(high: .max, low: .max)
    let isContiguous =
      address.isIPv4
      ? mask.isIn(Address(v4: .max), prefix: prefix) : mask.isIn(ones, prefix: prefix)
    return isContiguous ? (address, prefix) : nil
  }

  /// `tcp`, `icmpv6`, `ipv6-icmp`, `47`.
  static func proto(_ text: String) -> IPProtocol? {
    switch text {
    case "ipv6-icmp": .icmpv6
    case "udplite": IPProtocol(rawValue: 136)
    case "esp": IPProtocol(rawValue: 50)
    case "ah": IPProtocol(rawValue: 51)
    case "gre": IPProtocol(rawValue: 47)
    case "ipencap", "ipip": IPProtocol(rawValue: 4)
    default: IPProtocol(name: text)
    }
  }

  /// `80`, `80:90`, `:90`, `80:`.
  static func portRange(_ text: some StringProtocol) -> ClosedRange<UInt16>? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let low = parts.first, parts.count <= 2 else { return nil }
    if parts.count == 1 { return UInt16(low).map { $0...$0 } }
    guard let first = low.isEmpty ? 0 : UInt16(low),
      let last = parts[1].isEmpty ? UInt16.max : UInt16(parts[1]), first <= last
    else { return nil }
    return first...last
  }

  /// `80,90:99`.
  static func portList(_ text: String) -> [ClosedRange<UInt16>]? {
    let parts = text.split(separator: ",")
    let ranges = parts.compactMap(portRange)
    return ranges.count == parts.count && !ranges.isEmpty ? ranges : nil
  }

  /// `0x4000/0x4000`, `5`; without a mask all bits count.
  static func mark(_ text: String) -> (value: UInt32, mask: UInt32)? {
    let parts = text.split(separator: "/")
    guard let value = parts.first.flatMap(number), parts.count <= 2 else { return nil }
    guard parts.count == 2 else { return (value, .max) }
    return number(parts[1]).map { (value, $0) }
  }

  /// Decimal, or hexadecimal behind `0x`.
  static func number(_ text: some StringProtocol) -> UInt32? {
    text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
  }

  /// `FIN,SYN`, `ALL`, `NONE`.
  static func tcpFlags(_ text: String) -> TCPFlags? {
    var flags: UInt8 = 0
    for name in text.split(separator: ",") {
      switch name {
      case "FIN": flags |= 0x01
      case "SYN": flags |= 0x02
      case "RST": flags |= 0x04
      case "PSH": flags |= 0x08
      case "ACK": flags |= 0x10
      case "URG": flags |= 0x20
      case "ALL": flags |= 0x3f
      case "NONE": break
      default: return nil
      }
    }
    return TCPFlags(rawValue: flags)
  }

  /// `8`, `3/4`.
  static func icmp(_ text: String) -> (type: UInt8, code: UInt8?)? {
    let parts = text.split(separator: "/")
    guard let type = parts.first.flatMap({ UInt8($0) }), parts.count <= 2 else { return nil }
    guard parts.count == 2 else { return (type, nil) }
    return UInt8(parts[1]).map { (type, $0) }
  }
}
