internal import FlowModel

/// A packet by the headers that the kernel's rule trace shows of it.
struct TracedPacket: Hashable, Sendable {
  /// Ports are 0 where there are none.
  var tuple: Tuple
  /// IPv4 only.
  var ipID: UInt16?
  /// TCP only.
  var sequence: UInt32?
  var tcpFlags: TCPFlags?

  /// From the network header, 40 bytes at most, and the first 20 behind it; `nil` if that is no IP,
  /// or IPv6 with headers in between, whose end is not shown.
  init?(network: [UInt8], transport: [UInt8]) {
    let (source, destination): (Address?, Address?)
    let proto: IPProtocol
    var isLaterFragment = false
    switch network.first.map({ $0 >> 4 }) {
    case 4 where network.count >= 20:
      (source, destination) = (Self.v4(network, 12), Self.v4(network, 16))
      proto = IPProtocol(rawValue: network[9])
      ipID = Self.bigEndian(network, 4)
      isLaterFragment = Self.bigEndian(network, 6) & 0x1fff != 0
    case 6 where network.count >= 40:
      (source, destination) = (
        Address(bytes: network[8..<24]), Address(bytes: network[24..<40])
      )
      proto = IPProtocol(rawValue: network[6])
      // hop-by-hop, routing, fragment, authentication, destination options
      if [0, 43, 44, 51, 60].contains(proto.rawValue) { return nil }
    default: return nil
    }
    guard let source, let destination else { return nil }
    tuple = Tuple(proto, from: Endpoint(source, 0), to: Endpoint(destination, 0))
    guard proto.hasPorts, !isLaterFragment, transport.count >= 4 else { return }
    tuple.source.port = Self.bigEndian(transport, 0)
    tuple.destination.port = Self.bigEndian(transport, 2)
    guard proto == .tcp, transport.count >= 14 else { return }
    sequence = UInt32(Self.bigEndian(transport, 4)) << 16 | UInt32(Self.bigEndian(transport, 6))
    tcpFlags = TCPFlags(rawValue: transport[13])
  }

  private static func bigEndian(_ bytes: [UInt8], _ at: Int) -> UInt16 {
    UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
  }

  private static func v4(_ bytes: [UInt8], _ at: Int) -> Address {
    Address(v4: UInt32(bigEndian(bytes, at)) << 16 | UInt32(bigEndian(bytes, at + 2)))
  }

  /// Whether it is the packet that netfilter had in hand when an event was made.
  func isPacket(of event: Event) -> Bool {
    switch event.carrier {
    // the event's own numbers are the inner packet's
    case .tunnel(let outer, _), .icmpError(let outer): return isBetween(outer)
    case .none: break
    }
    guard tuple.proto.hasPorts, !event.isTruncated, event.fragment & 0x1fff == 0 else {
      return isBetween(event.tuple) && isNumbered(event)
    }
    return tuple == event.tuple && isNumbered(event)
      && (sequence ?? event.sequence) == event.sequence
      && (tcpFlags ?? event.tcpFlags).shown == event.tcpFlags.shown
  }

  /// Whether it may be the same packet sent again.
  func isAlike(_ other: TracedPacket) -> Bool {
    tuple == other.tuple && tcpFlags?.shown == other.tcpFlags?.shown
  }

  private func isBetween(_ other: Tuple) -> Bool {
    tuple.proto == other.proto && tuple.source.address == other.source.address
      && tuple.destination.address == other.destination.address
  }

  private func isNumbered(_ event: Event) -> Bool { (ipID ?? event.ipID) == event.ipID }
}

extension TCPFlags {
  /// Those that tell one packet of a connection from another.
  fileprivate var shown: TCPFlags { intersection([.fin, .syn, .rst, .ack]) }
}
