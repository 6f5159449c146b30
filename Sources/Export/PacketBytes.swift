internal import FlowModel
internal import Recording

/// A packet's headers as they were, as far as an event tells them.
///
/// What it does not tell is left out (payload) or 0: TCP options, MAC addresses, the traffic class, the IP
/// identification of a tunnel's outer packet. The TTL of that one and of an ICMP error is 64, the TCP window
/// 65535: 0 would be news.
struct PacketBytes {
  /// From the outermost IP header on.
  private(set) var bytes: [UInt8] = []
  /// How long the packet was.
  private(set) var length = 0

  private static let unknownTTL: UInt8 = 64

  init(_ event: EventRecord) {
    let inner = IPHeader(event, IPProtocol(recorded: event.transport))
    guard let outer = event.outer else {
      bytes = inner.bytes(around: Self.transport(event, inner))
      length = max(bytes.count, inner.length)
      return
    }
    if event.tunnel == nil {
      icmpError(about: inner, event, outer)
    } else {
      tunnel(of: inner, event, outer)
    }
  }

  // MARK: - What is around

  /// An ICMP error with the first eight bytes of what it is about, the least that RFC 792 wants; how much
  /// more it quoted is not known.
  private mutating func icmpError(about inner: IPHeader, _ event: EventRecord, _ outer: Pair) {
    var quoted = Self.transport(event, inner, isQuoted: true)
    quoted.bytes = Array(quoted.bytes.prefix(8))
    let message =
      [event.icmpType ?? 0, event.icmpCode ?? 0, 0, 0, 0, 0, 0, 0] + inner.bytes(around: quoted)
    let isIPv4 = outer.source.endpoint.address.isIPv4
    wrap(message, checksum: 2, length: message.count, isIPv4 ? .icmp : .icmpv6, outer)
  }

  private mutating func tunnel(of inner: IPHeader, _ event: EventRecord, _ outer: Pair) {
    let packet = inner.bytes(around: Self.transport(event, inner))
    let size = max(packet.count, inner.length)
    if event.tunnel == TunnelKind.ip.rawValue {
      wrap(
        packet, checksum: nil, length: size, IPProtocol(rawValue: inner.isIPv4 ? 4 : 41), outer)
      return
    }
    var message: [UInt8] = []
    message.append(big: outer.source.endpoint.port)
    message.append(big: outer.destination.endpoint.port)
    let udpLength = 8 + 8 + 14 + size
    message.append(big: UInt16(clamping: udpLength))
    message.append(big: 0 as UInt16)
    if event.tunnel == TunnelKind.geneve.rawValue {
      message += [0, 0, 0x65, 0x58]  // no options; Ethernet
    } else {
      message += [8, 0, 0, 0]  // the VNI is valid
    }
    message.append(big: (event.vni ?? 0) << 8)
    message += [UInt8](repeating: 0, count: 12) + (inner.isIPv4 ? [8, 0] : [0x86, 0xdd])
    message += packet
    // VXLAN and Geneve over IPv4 are sent without a checksum
    let isIPv4 = outer.source.endpoint.address.isIPv4
    wrap(message, checksum: isIPv4 ? nil : 6, length: udpLength, .udp, outer)
  }

  private mutating func wrap(
    _ message: [UInt8], checksum: Int?, length size: Int, _ proto: IPProtocol, _ outer: Pair
  ) {
    let header = IPHeader(
      from: outer.source.endpoint.address, to: outer.destination.endpoint.address, proto,
      payload: size, ttl: Self.unknownTTL)
    bytes = header.bytes(
      around: Transport(bytes: message, checksum: checksum, length: size, proto: proto))
    length = header.size + size
  }

  // MARK: - Transport

  /// What stands after an IP header.
  struct Transport {
    var bytes: [UInt8]
    /// Where its checksum belongs; `nil`: it has none.
    var checksum: Int?
    /// With its payload.
    var length: Int
    var proto: IPProtocol
  }

  private static func transport(
    _ event: EventRecord, _ ip: IPHeader, isQuoted: Bool = false
  ) -> Transport {
    let length = max(0, ip.length - ip.size)
    var result = Transport(bytes: [], checksum: nil, length: length, proto: ip.proto)
    let source = event.tuple.source.endpoint.port
    let destination = event.tuple.destination.endpoint.port
    let isCut = event.truncated == true && source == 0 && destination == 0
    guard !ip.isLaterFragment, !isCut else { return result }
    switch ip.proto {
    case .tcp:
      let flags = TCPFlags(recorded: event.flags ?? "")
      result.bytes.append(big: source)
      result.bytes.append(big: destination)
      result.bytes.append(big: event.sequence ?? 0)
      result.bytes.append(big: event.acknowledgment ?? 0)
      let size = ip.transportSize
      result.bytes += [UInt8(size / 4) << 4, flags.rawValue, 0xff, 0xff, 0, 0, 0, 0]
      result.bytes += [UInt8](repeating: 0, count: size - 20)
      result.checksum = 16
    case .udp:
      result.bytes.append(big: source)
      result.bytes.append(big: destination)
      result.bytes.append(big: UInt16(clamping: length))
      result.bytes.append(big: 0 as UInt16)
      result.checksum = ip.isIPv4 && length > 8 ? nil : 6
    case .icmp, .icmpv6:
      // an echo's identifier is the requesting side's port
      let echo: UInt8 = ip.isIPv4 ? (source != 0 ? 8 : 0) : (source != 0 ? 128 : 129)
      result.bytes.append(isQuoted ? echo : event.icmpType ?? 0)
      result.bytes += [isQuoted ? 0 : event.icmpCode ?? 0, 0, 0]
      result.bytes.append(big: source != 0 ? source : destination)
      result.bytes.append(big: 0 as UInt16)
      result.checksum = 2
    case .sctp:
      result.bytes.append(big: source)
      result.bytes.append(big: destination)
      result.bytes += [0, 0, 0, 0]
    default: break
    }
    result.length = max(length, result.bytes.count)
    return result
  }
}

extension [UInt8] {
  /// In network byte order.
  mutating func append(big number: UInt16) {
    append(UInt8(number >> 8))
    append(UInt8(number & 0xff))
  }

  mutating func append(big number: UInt32) {
    append(big: UInt16(number >> 16))
    append(big: UInt16(number & 0xffff))
  }

  /// The Internet checksum (RFC 1071) of these bytes.
  func checksum(over pseudoHeader: [UInt8] = []) -> UInt16 {
    var sum: UInt32 = 0
    for bytes in [pseudoHeader, self] {
      var i = 0
      while i < bytes.count {
        sum += UInt32(bytes[i]) << 8 | (i + 1 < bytes.count ? UInt32(bytes[i + 1]) : 0)
        i += 2
      }
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(sum)
  }
}

extension IPProtocol {
  /// As a recording has it: `tcp`, `proto 99`.
  init(recorded text: String) {
    let number = text.hasPrefix("proto ") ? String(text.dropFirst(6)) : text
    self = IPProtocol(name: number) ?? IPProtocol(rawValue: UInt8(number) ?? 255)
  }
}

extension TCPFlags {
  /// As a recording has them: `SYN-ACK`, `-`.
  init(recorded text: String) {
    let names: [String: TCPFlags] = [
      "FIN": .fin, "SYN": .syn, "RST": .rst, "PSH": .psh, "ACK": .ack,
    ]
    self = TCPFlags(text.split(separator: "-").compactMap { names[String($0)] })
  }
}
