/// Whether a line's numbers are such as a trace can have: sums of them, and of a few of them, fit.
enum NumberCheck {
  /// What JSON's readers agree on (RFC 8259, 6); in ns a hundred days.
  private static let limit: UInt64 = 1 << 53
  /// Of times of a clock, ns: until the year 2116.
  private static let clockLimit: UInt64 = 1 << 62
  private static let clocks = ["time", "start", "end", "boottime", "realtime"].map {
    Array("\"\($0)\":".utf8)
  }

  /// What is wrong with the first that is not; `nil` if all are.
  static func complaint(_ line: [UInt8]) -> String? {
    var at = 0
    while at < line.count {
      switch line[at] {
      case UInt8(ascii: "\""): skipText(line, &at)
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let start = at
        while at < line.count, isDigit(line[at]) { at += 1 }
        if at < line.count, [UInt8(ascii: "."), 0x65, 0x45].contains(line[at]) {
          return "it has a number with a fraction or an exponent"
        }
        guard at - start > 15 else { continue }
        let isClock = clocks.contains { line[..<start].suffix($0.count).elementsEqual($0) }
        let number = UInt64(String(decoding: line[start..<at], as: UTF8.self)) ?? .max
        if number >= (isClock ? clockLimit : limit) { return "it has a number that no trace has" }
      default: at += 1
      }
    }
    return nil
  }

  /// From its opening quote to what follows the closing one.
  private static func skipText(_ line: [UInt8], _ at: inout Int) {
    at += 1
    while at < line.count, line[at] != UInt8(ascii: "\"") {
      at += line[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    at += 1
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
