public import FlowModel

/// One end of a packet or of a conntrack direction.
public enum PacketSide: Hashable, Sendable {
  case source
  case destination
}

/// The states `--ctstate` knows; as a packet's, those it may be in.
public struct ConntrackStates: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let new = ConntrackStates(rawValue: 1)
  public static let established = ConntrackStates(rawValue: 2)
  public static let related = ConntrackStates(rawValue: 4)
  public static let invalid = ConntrackStates(rawValue: 8)
  public static let untracked = ConntrackStates(rawValue: 16)
  /// Nothing is known.
  public static let any: ConntrackStates = [.new, .established, .related, .invalid, .untracked]
  /// Those without a conntrack entry.
  public static let withoutEntry: ConntrackStates = [.invalid, .untracked]
}

/// A match whose outcome is not told by the packet alone (sets, limits, chance, …), as written.
public struct ExtensionMatch: Hashable, Sendable {
  /// One option with its values.
  public struct Option: Hashable, Sendable {
    public var isNegated: Bool
    public var name: String
    public var values: [String]
  }

  /// The name behind `-m`.
  public var module: String
  public var options: [Option]

  /// The first value of an option; `nil` without the option or its value.
  public func value(_ name: String) -> String? {
    options.first { $0.name == name }?.values.first
  }

  /// Whether the option is there.
  public func has(_ name: String) -> Bool { options.contains { $0.name == name } }
}

extension ExtensionMatch: CustomStringConvertible {
  /// `-m set --match-set NAME src`.
  public var description: String {
    (["-m \(module)"]
      + options.map { option in
        ((option.isNegated ? ["!"] : []) + [option.name] + option.values).joined(separator: " ")
      }).joined(separator: " ")
  }
}

/// What a condition asks of a packet.
public enum RuleTest: Hashable, Sendable {
  case address(PacketSide, Address, prefix: Int)
  case addressRange(PacketSide, ClosedRange<Address>)
  case proto(IPProtocol)
  /// A device name; a trailing `+` stands for any ending.
  case interface(PacketSide, String)
  /// A later fragment (`-f`).
  case fragment
  /// `side == nil`: either port.
  case ports(PacketSide?, [ClosedRange<UInt16>])
  case tcpFlags(mask: TCPFlags, set: TCPFlags)
  /// `code == nil`: any.
  case icmp(type: UInt8, code: UInt8?)
  /// `mark & mask == value`.
  case mark(value: UInt32, mask: UInt32)
  case length(ClosedRange<UInt32>)
  /// `LOCAL`, `UNICAST`, ….
  case addressType(PacketSide, [String])
  case conntrackState(ConntrackStates, sourceNAT: Bool, destinationNAT: Bool)
  case conntrackAddress(isReply: Bool, PacketSide, Address, prefix: Int)
  case conntrackPort(isReply: Bool, PacketSide, ClosedRange<UInt16>)
  case conntrackProtocol(IPProtocol)
  case conntrackDirection(isReply: Bool)
  /// Bits of `enum ip_conntrack_status`, any of them; 0 is `NONE`.
  case conntrackStatus(UInt16)
  /// The packet alone does not tell.
  case `extension`(ExtensionMatch)
}

/// A test and whether it is to fail.
public struct RuleCondition: Hashable, Sendable {
  public var isNegated: Bool
  public var test: RuleTest

  public init(_ test: RuleTest, isNegated: Bool = false) {
    self.test = test
    self.isNegated = isNegated
  }
}
