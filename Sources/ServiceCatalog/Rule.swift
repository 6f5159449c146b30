public import FlowModel

/// Packets and bytes counted by a rule or a chain's policy.
public struct RuleCounters: Hashable, Sendable {
  public var packets: UInt64
  public var bytes: UInt64

  public init(packets: UInt64, bytes: UInt64) {
    self.packets = packets
    self.bytes = bytes
  }
}

/// Where a rule sends the packets it matches.
public enum RuleJump: Hashable, Sendable {
  /// No `-j`: the rule only counts.
  case none
  /// `-j NAME`: a verdict, an extension or a user chain.
  case jump(String)
  /// `-g CHAIN`: on its end the packet goes back to where this chain was called.
  case goto(String)

  /// The name behind `-j` or `-g`.
  public var name: String? {
    switch self {
    case .none: nil
    case .jump(let name), .goto(let name): name
    }
  }
}

/// What tells one rule from another across two readings of the same ruleset.
public struct RuleIdentity: Hashable, Sendable {
  public var table: Table
  public var chain: String
  public var specification: String
  /// Counts equal rules of a chain from 0.
  public var occurrence: Int
  /// Of a rule of nftables.
  public var nftTable: NFTTableName?
}

/// One rule of a chain of iptables or nftables.
public struct Rule: Hashable, Sendable {
  public var table: Table
  public var chain: String
  /// Line number in the chain, from 1, as `iptables -L --line-numbers` shows it.
  public var index: Int
  /// How many equal rules stand before it in its chain.
  public var occurrence: Int
  /// The text without counters' values, as iptables-save prints it, `-A CHAIN …`, or as
  /// `nft -a -s list chain` does: `tcp dport 80 drop # handle 7`.
  public var specification: String
  /// Unescaped.
  public var comment: String?
  /// `nil` if the ruleset was saved without counters.
  public var counters: RuleCounters?
  public var jump: RuleJump
  /// The words behind the target.
  public var targetOptions: [String]
  /// All have to hold for the rule to match. Empty for a rule of nftables.
  public var conditions: [RuleCondition]
  /// The table of a rule of nftables.
  public var nftTable: NFTTableName?

  /// What stays the same when the ruleset is read again.
  public var identity: RuleIdentity {
    RuleIdentity(
      table: table, chain: chain, specification: specification, occurrence: occurrence,
      nftTable: nftTable)
  }

  /// The value of a target's option: `targetOption("--to-destination")`.
  public func targetOption(_ name: String) -> String? {
    guard let at = targetOptions.firstIndex(of: name), at + 1 < targetOptions.count else {
      return nil
    }
    return targetOptions[at + 1]
  }

  /// The extension match of that name among those that depend on more than the packet.
  public func extensionMatch(_ module: String) -> ExtensionMatch? {
    for case .extension(let match) in conditions.map(\.test) where match.module == module {
      return match
    }
    return nil
  }
}
