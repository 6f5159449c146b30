/// Splits a line of iptables-save into words, as the shell-like quoting of libxtables has it.
struct RuleWords {
  private let bytes: [UInt8]
  private var at: Int
  private let end: Int
  /// A quote was opened and not closed.
  private(set) var isUnterminated = false

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    at = range.lowerBound
    end = range.upperBound
  }

  /// The next word without quotes and backslashes; `nil` at the end.
  mutating func next() -> String? {
    while at < end, Self.isBlank(bytes[at]) { at += 1 }
    guard at < end else { return nil }
    let start = at
    while at < end, !Self.isBlank(bytes[at]), bytes[at] != UInt8(ascii: "\""),
      bytes[at] != UInt8(ascii: "\\")
    { at += 1 }
    if at == end || Self.isBlank(bytes[at]) {
      return String(decoding: bytes[start..<at], as: UTF8.self)
    }
    return quoted(from: start)
  }

  /// A word in which something is quoted or escaped.
  private mutating func quoted(from start: Int) -> String {
    var word = Array(bytes[start..<at])
    var isQuoted = false
    while at < end {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\\"), at + 1 < end {
        at += 1
        word.append(bytes[at])
      } else if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if !isQuoted, Self.isBlank(byte) {
        break
      } else {
        word.append(byte)
      }
      at += 1
    }
    isUnterminated = isUnterminated || isQuoted
    return String(decoding: word, as: UTF8.self)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
