/// Packets built byte by byte, so that they can be wrong in every way.
enum Packets {
  /// Big endian, two bytes.
  static func be16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
  static func be32(_ value: Int) -> [UInt8] { be16(value >> 16) + be16(value & 0xffff) }

  /// From 02:…:01 to 02:…:02, the two ends of the lab's veth pair.
  static func ethernet(_ type: Int, _ payload: [UInt8]) -> [UInt8] {
    [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + be16(type) + payload
  }

  /// 198.51.100.`source` to 203.0.113.9; the checksum is right.
  static func ipv4(
    _ source: UInt8, _ proto: UInt8, _ payload: [UInt8], id: Int = 0x1234, fragment: Int = 0,
    headerWords: Int = 5, options: [UInt8] = [], claimedLength: Int? = nil
  ) -> [UInt8] {
    let length = claimedLength ?? 20 + options.count + payload.count
    var header: [UInt8] =
      [0x40 | UInt8(headerWords), 0] + be16(length) + be16(id) + be16(fragment) + [64, proto, 0, 0]
      + [198, 51, 100, source] + [203, 0, 113, 9] + options
    var sum = stride(from: 0, to: header.count - 1, by: 2).reduce(0) {
      $0 + Int(header[$1]) << 8 + Int(header[$1 + 1])
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    header.replaceSubrange(10..<12, with: be16(~sum & 0xffff))
    return header + payload
  }

  /// 2001:db8::`source` to 2001:db8::9.
  static func ipv6(
    _ source: UInt8, _ next: UInt8, _ payload: [UInt8], claimedLength: Int? = nil
  ) -> [UInt8] {
    let prefix: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11)
    return [0x60, 0, 0, 0] + be16(claimedLength ?? payload.count) + [next, 64]
      + prefix + [source] + prefix + [9]
      + payload
  }

  static func tcp(
    from source: Int, to destination: Int, flags: UInt8 = 2, sequence: Int = 0x0102_0304,
    offsetWords: Int = 5, payload: [UInt8] = []
  ) -> [UInt8] {
    be16(source) + be16(destination) + be32(sequence) + be32(0x0506_0708)
      + [UInt8(offsetWords << 4), flags] + be16(64240) + [0, 0, 0, 0] + payload
  }

  /// Without a checksum.
  static func udp(from source: Int, to destination: Int, _ payload: [UInt8]) -> [UInt8] {
    be16(source) + be16(destination) + be16(8 + payload.count) + [0, 0] + payload
  }

  /// Type, code, checksum, the four bytes that depend on the type, the rest.
  static func icmp(
    _ type: UInt8, _ code: UInt8, rest: [UInt8] = [0, 0, 0, 0], _ payload: [UInt8]
  ) -> [UInt8] {
    [type, code, 0, 0] + rest + payload
  }

  /// A VXLAN header with this VNI.
  static func vxlan(_ vni: Int, flags: UInt8 = 8, _ inner: [UInt8]) -> [UInt8] {
    [flags, 0, 0, 0] + be32(vni << 8) + inner
  }

  /// An IPv6 extension header of 8 bytes, padded.
  static func extension6(next: UInt8) -> [UInt8] { [next, 0, 1, 4, 0, 0, 0, 0] }

  /// An IPv6 fragment header; the offset in 8-byte units.
  static func fragment6(next: UInt8, offset: Int, more: Bool) -> [UInt8] {
    [next, 0] + be16(offset << 3 | (more ? 1 : 0)) + be32(0xabcd)
  }
}
