/// Reads a DNS message from its beginning; every read beyond the end is `nil`.
struct DNSReader {
  /// RFC 1035, 2.3.4: bytes of a whole name, length bytes included.
  private static let longestName = 255

  let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset >= bytes.count }

  mutating func u8() -> UInt8? {
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func u16() -> UInt16? {
    guard bytes.count - offset >= 2 else { return nil }
    defer { offset += 2 }
    return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }

  mutating func u32() -> UInt32? {
    guard let high = u16(), let low = u16() else { return nil }
    return UInt32(high) << 16 | UInt32(low)
  }

  /// That many bytes; `nil` without moving if they are not all there.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, bytes.count - offset >= count else { return nil }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// What came of reading a name.
  enum Name: Equatable {
    case whole(String)
    /// The bytes ended in it; what there was.
    case cut(String)
    /// Against the format.
    case malformed
  }

  /// A name at the offset, which then is behind it. As RFC 4343 writes it but without the final
  /// dot; `.` for the root.
  mutating func name() -> Name {
    var text = ""
    var length = 0
    var at = offset
    // a pointer leads to what is before it: a limit that goes down, and so an end
    var limit = bytes.count
    var hasJumped = false
    var end = offset
    func leave(_ next: Int) { if !hasJumped { end = next } }
    defer { offset = end }
    while at < bytes.count {
      let count = Int(bytes[at])
      switch count {
      case 0:
        leave(at + 1)
        return .whole(text.isEmpty ? "." : text)
      case 1...63:
        length += count + 1
        guard length < Self.longestName else { return .malformed }
        let label = bytes[(at + 1)..<min(at + 1 + count, bytes.count)]
        if !text.isEmpty { text += "." }
        Self.append(label, to: &text)
        at += 1 + count
        leave(at)
      case 192...255:
        guard at + 1 < bytes.count else { return .cut(text) }
        let target = (count & 63) << 8 | Int(bytes[at + 1])
        guard target < min(at, limit) else { return .malformed }
        leave(at + 2)
        hasJumped = true
        limit = target
        at = target
      default: return .malformed
      }
    }
    return .cut(text)
  }

  /// Dots and backslashes of a label with a backslash, what is no visible ASCII as `\DDD`: a name
  /// can hold any byte, and is shown on terminals.
  private static func append(_ label: ArraySlice<UInt8>, to text: inout String) {
    for byte in label {
      switch byte {
      case 0x2e, 0x5c:
        text += "\\"
        text.unicodeScalars.append(Unicode.Scalar(byte))
      case 0x21...0x7e: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "\\" + String(1000 + Int(byte)).dropFirst()
      }
    }
  }
}
