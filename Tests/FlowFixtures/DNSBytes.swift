/// DNS messages, byte by byte.
package enum DNSBytes {
  /// Header: the flags as in RFC 1035, 4.1.1.
  package static func header(
    id: UInt16, flags: UInt16, questions: UInt16 = 1, answers: UInt16 = 0
  ) -> [UInt8] {
    be16(id) + be16(flags) + be16(questions) + be16(answers) + [0, 0, 0, 0]
  }

  /// Labels of visible ASCII, and the root.
  package static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  package static func question(_ name: String, type: UInt16) -> [UInt8] {
    Self.name(name) + be16(type) + [0, 1]
  }

  /// With recursion desired.
  package static func query(_ name: String, type: UInt16 = 1, id: UInt16 = 7) -> [UInt8] {
    header(id: id, flags: 0x0100) + question(name, type: type)
  }

  /// One record of the question's name and type for each data.
  package static func response(
    _ name: String, type: UInt16 = 1, id: UInt16 = 7, code: UInt16 = 0, data: [[UInt8]] = [],
    ttl: UInt16 = 30
  ) -> [UInt8] {
    var records: [UInt8] = []
    for data in data {
      records += [0xc0, 12] + be16(type) + [0, 1, 0, 0] + be16(ttl)
      records += be16(UInt16(data.count)) + data
    }
    return header(id: id, flags: 0x8180 | code, answers: UInt16(data.count))
      + question(name, type: type) + records
  }

  package static func be16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
}
