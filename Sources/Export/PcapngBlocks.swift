internal import Recording

/// Blocks of pcapng (draft-ietf-opsawg-pcapng), little-endian.
struct PcapngBlocks {
  private(set) var bytes: [UInt8] = []

  /// epb_flags, the direction.
  enum Direction: UInt32 {
    case unknown = 0
    case inbound = 1
    case outbound = 2
  }

  private enum Option: UInt16 {
    case end = 0
    case comment = 1
    // of a section, and of an interface
    case nameOrHardware = 2
    case descriptionOrSystem = 3
    case application = 4
    case timeResolution = 9
  }

  /// Names longer than this are cut.
  private static let textLimit = 8192

  /// Begins a section, in which interfaces count from 0.
  mutating func section(_ header: HeaderRecord?) {
    block(0x0a0d_0d0a) {
      $0.append(little: UInt32(0x1a2b_3c4d))
      $0.append(little: UInt16(1))
      $0.append(little: UInt16(0))
      $0.append(little: UInt64.max)  // its length is not known
      if let header {
        $0.option(.comment, "\(header.node): \(header.selection)")
        $0.option(.descriptionOrSystem, "Linux \(header.kernel)")
        $0.option(.application, "kflowtrace \(header.version)")
      }
      $0.endOptions()
    }
  }

  /// An interface of raw IP with time in ns.
  mutating func interface(name: String, description: String?) {
    block(1) {
      $0.append(little: UInt16(101))  // LINKTYPE_RAW
      $0.append(little: UInt16(0))
      $0.append(little: UInt32(0))  // no snapshot length
      $0.option(.nameOrHardware, name)
      if let description { $0.option(.descriptionOrSystem, description) }
      $0.option(.timeResolution, [9])
      $0.endOptions()
    }
  }

  /// A packet; `time`: ns since 1970, `length`: how long it was.
  mutating func packet(
    interface: UInt32, time: UInt64, _ packet: [UInt8], length: Int, _ direction: Direction,
    comment: String
  ) {
    block(6) {
      $0.append(little: interface)
      $0.append(little: UInt32(time >> 32))
      $0.append(little: UInt32(truncatingIfNeeded: time))
      $0.append(little: UInt32(packet.count))
      $0.append(little: UInt32(clamping: length))
      $0.bytes += packet
      $0.pad()
      $0.option(.comment, comment)
      if direction != .unknown {
        $0.append(little: UInt16(2))
        $0.append(little: UInt16(4))
        $0.append(little: direction.rawValue)
      }
      $0.endOptions()
    }
  }

  private mutating func block(_ type: UInt32, _ body: (inout PcapngBlocks) -> Void) {
    let start = bytes.count
    append(little: type)
    append(little: UInt32(0))
    body(&self)
    let length = UInt32(bytes.count - start + 4)
    for i in 0..<4 { bytes[start + 4 + i] = UInt8(length >> (8 * UInt32(i)) & 0xff) }
    append(little: length)
  }

  private mutating func option(_ option: Option, _ text: String) {
    var end = text.utf8.prefix(Self.textLimit)
    // no half characters
    while !end.isEmpty, String(end) == nil { end.removeLast() }
    self.option(option, Array(end))
  }

  private mutating func option(_ option: Option, _ value: [UInt8]) {
    append(little: option.rawValue)
    append(little: UInt16(value.count))
    bytes += value
    pad()
  }

  private mutating func endOptions() { append(little: UInt32(0)) }

  private mutating func pad() {
    while bytes.count % 4 != 0 { bytes.append(0) }
  }

  private mutating func append(little number: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
