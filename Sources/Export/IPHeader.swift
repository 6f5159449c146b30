internal import FlowModel
internal import Recording

/// An IPv4 or IPv6 header, with as many options or extension headers as the packet's length says there
/// were; what was in them is not known, and they are padding.
struct IPHeader {
  let isIPv4: Bool
  let proto: IPProtocol
  private let source: Address
  private let destination: Address
  private let ttl: UInt8
  private let identification: UInt16
  private let fragment: UInt16
  /// Of IPv4 options or IPv6 extension headers, a fragment header among them.
  private let optionSize: Int
  /// Of the packet.
  let length: Int
  /// Of the L4 header.
  let transportSize: Int

  /// With options or extension headers.
  var size: Int { (isIPv4 ? 20 : 40) + optionSize }
  /// Whether ports are not to be had.
  var isLaterFragment: Bool { fragment & 0x1fff != 0 }
  private var isFragment: Bool { fragment & 0x3fff != 0 }

  init(
    from source: Address, to destination: Address, _ proto: IPProtocol, payload: Int, ttl: UInt8
  ) {
    self.source = source
    self.destination = destination
    self.proto = proto
    self.ttl = ttl
    isIPv4 = source.isIPv4
    identification = 0
    fragment = 0
    optionSize = 0
    transportSize = 0
    length = (isIPv4 ? 20 : 40) + payload
  }

  /// Of the packet that an event's tuple is of.
  init(_ event: EventRecord, _ proto: IPProtocol) {
    source = event.tuple.source.endpoint.address
    destination = event.tuple.destination.endpoint.address
    self.proto = proto
    ttl = event.ttl
    isIPv4 = source.isIPv4
    identification = event.ipID
    fragment = event.fragment
    let minimum = isIPv4 ? 20 : 40
    let isLater = event.fragment & 0x1fff != 0
    let rest = Int(event.length) - minimum - Int(event.payload)
    let least =
      switch proto {
      case _ where isLater: 0
      case .tcp: 20
      case .udp, .icmp, .icmpv6, .sctp: 8
      default: 0
      }
    // TCP may have 40 bytes of options
    let most = least == 20 ? 60 : least
    let isWhole = event.truncated != true && event.payload < .max
    transportSize = isWhole && rest >= least ? min(rest, most) & ~3 : least
    let extra = rest - transportSize
    let needed = !isIPv4 && event.fragment & 0x3fff != 0 ? 8 : 0
    let isPlausible = isIPv4 ? extra <= 40 && extra % 4 == 0 : extra <= 2048 && extra % 8 == 0
    optionSize = isWhole && isPlausible ? max(needed, extra) : needed
    // a header that was cut short is still to be read as one that was cut short
    length = max(Int(event.length), minimum + optionSize + (isWhole ? transportSize : 20))
  }

  /// The header, then the transport's with its checksum if all of it is there.
  func bytes(around transport: PacketBytes.Transport) -> [UInt8] {
    var transport = transport
    if let place = transport.checksum, place + 1 < transport.bytes.count {
      let isWhole = transport.length == transport.bytes.count
      var sum = isWhole ? transport.bytes.checksum(over: pseudoHeader(transport)) : 0
      // 0 says that there is none, which UDP over IPv6 must not
      if transport.proto == .udp, sum == 0, isWhole || !isIPv4 { sum = 0xffff }
      transport.bytes[place] = UInt8(sum >> 8)
      transport.bytes[place + 1] = UInt8(sum & 0xff)
    }
    return (isIPv4 ? ipv4 : ipv6) + transport.bytes
  }

  private func pseudoHeader(_ transport: PacketBytes.Transport) -> [UInt8] {
    if proto == .icmp { return [] }
    return address(source) + address(destination)
      + [0, proto.rawValue, UInt8(transport.length >> 8 & 0xff), UInt8(transport.length & 0xff)]
  }

  private func address(_ address: Address) -> [UInt8] {
    isIPv4 ? Array(address.bytes[12...]) : address.bytes
  }

  private var ipv4: [UInt8] {
    var bytes: [UInt8] = [0x40 | UInt8((20 + optionSize) / 4), 0]
    bytes.append(big: UInt16(clamping: length))
    bytes.append(big: identification)
    bytes.append(big: fragment)
    bytes += [ttl, proto.rawValue, 0, 0]
    bytes += address(source) + address(destination)
    bytes += [UInt8](repeating: 0, count: optionSize)
    let sum = bytes.checksum()
    bytes[10] = UInt8(sum >> 8)
    bytes[11] = UInt8(sum & 0xff)
    return bytes
  }

  private var ipv6: [UInt8] {
    let padding = optionSize - (isFragment ? 8 : 0)
    let last = isFragment ? 44 : proto.rawValue
    var bytes: [UInt8] = [0x60, 0, 0, 0]
    bytes.append(big: UInt16(clamping: length - 40))
    bytes += [padding > 0 ? 60 : last, ttl]
    bytes += address(source) + address(destination)
    if padding > 0 {
      // destination options: PadN, several if one is too short
      bytes += [last, UInt8(padding / 8 - 1)]
      var rest = padding - 2
      while rest > 0 {
        let size = min(rest, 256)
        bytes += size == 1 ? [0] : [1, UInt8(size - 2)] + [UInt8](repeating: 0, count: size - 2)
        rest -= size
      }
    }
    if isFragment {
      bytes += [proto.rawValue, 0]
      bytes.append(big: fragment << 3 | fragment >> 13 & 1)
      bytes += [0, 0, 0, 0]
    }
    return bytes
  }
}
