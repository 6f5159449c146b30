internal import CLibbpf
internal import CNode
internal import FlowModel
internal import Glibc

/// One netlink message behind `struct nlmsghdr`: its family's fixed header and its attributes, of
/// rtnetlink in host byte order but for addresses and ports (include/uapi/linux/rtnetlink.h).
struct NetlinkMessage {
  private let bytes: [UInt8]
  private let attributes: [UInt16: Range<Int>]

  /// `headerSize`: bytes of the family's header (`struct ifinfomsg`, `ndmsg`, `rtmsg`).
  init(_ bytes: [UInt8], headerSize: Int) {
    self.bytes = bytes
    attributes = Self.scan(bytes, from: headerSize, to: bytes.count)
  }

  private init(_ bytes: [UInt8], nested: Range<Int>) {
    self.bytes = bytes
    attributes = Self.scan(bytes, from: nested.lowerBound, to: nested.upperBound)
  }

  /// `struct rtattr`: length with its 4 bytes of header, type, data padded to 4.
  private static func scan(_ bytes: [UInt8], from start: Int, to end: Int) -> [UInt16: Range<Int>] {
    var found: [UInt16: Range<Int>] = [:]
    var at = start
    while at + 4 <= end {
      let length = Int(bytes.number(at, as: UInt16.self))
      guard length >= 4, at + length <= end else { break }
      found[bytes.number(at + 2, as: UInt16.self) & 0x3fff] = at + 4..<at + length
      at += (length + 3) & ~3
    }
    return found
  }

  /// A field of the fixed header.
  func header<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type) -> Number {
    bytes.number(offset, as: type)
  }

  /// An attribute's bytes.
  subscript(_ type: Int) -> ArraySlice<UInt8>? { attributes[UInt16(type)].map { bytes[$0] } }

  /// An attribute's number.
  func number(_ type: Int) -> UInt32? {
    guard let data = self[type], data.count >= 4 else { return nil }
    return bytes.number(data.startIndex, as: UInt32.self)
  }

  /// A number in network byte order, as netfilter's all are.
  func bigEndian<Number: FixedWidthInteger>(_ type: Int, as kind: Number.Type) -> Number? {
    guard let data = self[type], data.count == MemoryLayout<Number>.size else { return nil }
    return Number(bigEndian: bytes.number(data.startIndex, as: kind))
  }

  /// A 16-bit number in network byte order.
  func port(_ type: Int) -> UInt16? {
    guard let data = self[type], data.count >= 2 else { return nil }
    return UInt16(bigEndian: bytes.number(data.startIndex, as: UInt16.self))
  }

  /// Text that ends with a zero byte.
  func text(_ type: Int) -> String? {
    self[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// An IPv4 or IPv6 address by its length.
  func address(_ type: Int) -> Address? {
    guard let data = self[type] else { return nil }
    if data.count == 4 {
      return Address(v4: UInt32(bigEndian: bytes.number(data.startIndex, as: UInt32.self)))
    }
    return Address(bytes: data)
  }

  /// A link-layer address, `0a:58:…`.
  func hardware(_ type: Int) -> String? {
    guard let data = self[type], data.count == 6 else { return nil }
    return data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }

  /// The attributes within an attribute.
  func nested(_ type: Int) -> NetlinkMessage? {
    attributes[UInt16(type)].map { NetlinkMessage(bytes, nested: $0) }
  }

  /// All of a kind in the namespace the thread is in.
  static func dump(
    _ request: Int, family: Int32 = AF_UNSPEC, headerSize: Int
  ) throws(TracingError) -> [NetlinkMessage] {
    final class Box { var messages: [[UInt8]] = [] }
    let box = Box()
    let result = unsafe kft_netlink_dump(
      NETLINK_ROUTE, UInt16(request), UInt8(family), UInt32(headerSize),
      Unmanaged.passUnretained(box).toOpaque()
    ) { context, _, bytes, count in
      guard let context = unsafe context else { return }
      let raw = unsafe UnsafeRawBufferPointer(start: bytes, count: Int(count))
      unsafe Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().messages.append(Array(raw))
    }
    guard result == 0 else { throw .errno("cannot read the network's state", -result) }
    return box.messages.map { NetlinkMessage($0, headerSize: headerSize) }
  }
}

extension [UInt8] {
  /// A number in host byte order; 0 beyond the end.
  func number<Number: FixedWidthInteger>(
    _ offset: Int, as type: Number.Type
  ) -> Number {
    let size = MemoryLayout<Number>.size
    guard offset >= 0, offset + size <= count else { return 0 }
    return self[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}
