/// Reads JSON text byte by byte, as RFC 8259 has it.
///
/// A node's ruleset in JSON has millions of values of which nothing but their shape is known:
/// Foundation's decoder, which makes an attempt for each kind a value may be of, takes much longer.
struct JSONReader {
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  /// Deeper is taken for damage; nft nests some ten.
  private static let depthLimit = 200

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// No JSON, from this byte on.
  struct Failure: Error {
    var offset: Int
  }

  /// The one value of the text.
  mutating func document() throws(Failure) -> JSONValue {
    let value = try value()
    guard (try? peek()) == nil else { throw failure }
    return value
  }

  private var failure: Failure { Failure(offset: at) }

  /// The next byte that is no blank, not consumed.
  private mutating func peek() throws(Failure) -> UInt8 {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x0a, 0x0d, 0x09: at += 1
      default: return bytes[at]
      }
    }
    throw failure
  }

  private mutating func consume(_ byte: UInt8) throws(Failure) {
    guard try peek() == byte else { throw failure }
    at += 1
  }

  private mutating func value() throws(Failure) -> JSONValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw failure }
    switch try peek() {
    case UInt8(ascii: "{"): return .object(try members())
    case UInt8(ascii: "["): return .array(try elements())
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(
    _ word: StaticString, _ value: JSONValue
  ) throws(Failure) -> JSONValue {
    for byte in "\(word)".utf8 {
      guard at < bytes.count, bytes[at] == byte else { throw failure }
      at += 1
    }
    return value
  }

  private mutating func members() throws(Failure) -> [String: JSONValue] {
    at += 1
    var members: [String: JSONValue] = [:]
    if try peek() == UInt8(ascii: "}") {
      at += 1
      return members
    }
    while true {
      guard try peek() == UInt8(ascii: "\"") else { throw failure }
      let name = try string()
      try consume(UInt8(ascii: ":"))
      members[name] = try value()
      if try peek() == UInt8(ascii: "}") {
        at += 1
        return members
      }
      try consume(UInt8(ascii: ","))
    }
  }

  private mutating func elements() throws(Failure) -> [JSONValue] {
    at += 1
    var elements: [JSONValue] = []
    if try peek() == UInt8(ascii: "]") {
      at += 1
      return elements
    }
    while true {
      elements.append(try value())
      if try peek() == UInt8(ascii: "]") {
        at += 1
        return elements
      }
      try consume(UInt8(ascii: ","))
    }
  }

  /// Numbers are whole in what nft prints; of others the whole part is kept.
  private mutating func number() throws(Failure) -> JSONValue {
    let start = at
    while at < bytes.count, Self.isOfNumber(bytes[at]) { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if let number = Int64(text) { return .number(number) }
    guard let number = Double(text), let whole = Int64(exactly: number.rounded(.towardZero)) else {
      throw Failure(offset: start)
    }
    return .number(whole)
  }

  private static func isOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  private mutating func string() throws(Failure) -> String {
    at += 1
    let start = at
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return String(decoding: bytes[start..<(at - 1)], as: UTF8.self)
      case UInt8(ascii: "\\"): return try escaped(from: start)
      default: at += 1
      }
    }
    throw failure
  }

  /// The rest of a string in which a backslash was found.
  private mutating func escaped(from start: Int) throws(Failure) -> String {
    var text = Array(bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try escape()
      default: text.append(byte)
      }
    }
    throw failure
  }

  /// The bytes of what follows a backslash.
  private mutating func escape() throws(Failure) -> [UInt8] {
    guard at < bytes.count else { throw failure }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"): return Array(try codePoint().utf8)
    default: throw failure
    }
  }

  private mutating func codePoint() throws(Failure) -> String {
    var units = [try hexadecimal()]
    if UTF16.isLeadSurrogate(units[0]), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    {
      at += 2
      units.append(try hexadecimal())
    }
    return String(decoding: units, as: UTF16.self)
  }

  private mutating func hexadecimal() throws(Failure) -> UInt16 {
    guard at + 4 <= bytes.count,
      let unit = UInt16(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
    else { throw failure }
    at += 4
    return unit
  }
}
