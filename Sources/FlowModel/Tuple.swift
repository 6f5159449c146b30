/// The L4 protocol of a packet, by its IANA number.
public struct IPProtocol: RawRepresentable, Hashable, Sendable {
  /// The number in the IP header.
  public let rawValue: UInt8
  /// From the IANA number.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let icmp = IPProtocol(rawValue: 1)
  public static let tcp = IPProtocol(rawValue: 6)
  public static let udp = IPProtocol(rawValue: 17)
  public static let icmpv6 = IPProtocol(rawValue: 58)
  public static let sctp = IPProtocol(rawValue: 132)

  /// Whether the protocol has ports.
  public var hasPorts: Bool { self == .tcp || self == .udp || self == .sctp }
}

extension IPProtocol: CustomStringConvertible {
  private static let names: [(IPProtocol, String)] = [
    (.icmp, "ICMP"), (.tcp, "TCP"), (.udp, "UDP"), (.icmpv6, "ICMPv6"), (.sctp, "SCTP"),
  ]

  /// From a name in any case, or a number from 1 to 255.
  public init?(name: some StringProtocol) {
    if let known = Self.names.first(where: { $0.1.lowercased() == name.lowercased() }) {
      self = known.0
    } else if let number = UInt8(name), number > 0 {
      self.init(rawValue: number)
    } else {
      return nil
    }
  }

  /// The usual name, or `proto N`.
  public var description: String {
    Self.names.first { $0.0 == self }?.1 ?? "proto \(rawValue)"
  }
}

/// An address and a port in host byte order; port 0 where there is none.
public struct Endpoint: Hashable, Sendable {
  public var address: Address
  public var port: UInt16

  /// An address with its port (host byte order).
  public init(_ address: Address, _ port: UInt16) {
    self.address = address
    self.port = port
  }
}

extension Endpoint: CustomStringConvertible {
  /// `10.0.0.1:80`, `[fd00::1]:80`; the address alone without a port.
  public var description: String {
    if port == 0 { return "\(address)" }
    return address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}

/// A packet's or a conntrack direction's source, destination and protocol.
public struct Tuple: Hashable, Sendable {
  // not as endpoints, whose padding would make a quarter of the size: there are millions
  private var sourceAddress: Address
  private var destinationAddress: Address
  private var sourcePort: UInt16
  private var destinationPort: UInt16
  public var proto: IPProtocol

  public init(_ proto: IPProtocol, from source: Endpoint, to destination: Endpoint) {
    self.proto = proto
    sourceAddress = source.address
    destinationAddress = destination.address
    sourcePort = source.port
    destinationPort = destination.port
  }

  public var source: Endpoint {
    get { Endpoint(sourceAddress, sourcePort) }
    set { (sourceAddress, sourcePort) = (newValue.address, newValue.port) }
  }

  public var destination: Endpoint {
    get { Endpoint(destinationAddress, destinationPort) }
    set { (destinationAddress, destinationPort) = (newValue.address, newValue.port) }
  }

  /// The tuple of an answer to this packet.
  public var inverse: Tuple { Tuple(proto, from: destination, to: source) }

  /// Whether the other is this one, or the tuple of an answer to it.
  public func isEitherWay(_ other: Tuple) -> Bool { self == other || self == other.inverse }
}

extension Tuple: CustomStringConvertible {
  /// `10.0.0.1:1024 → 10.96.0.50:80`.
  public var description: String { "\(source) → \(destination)" }
}
