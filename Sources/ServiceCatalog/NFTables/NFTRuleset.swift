/// A table's family and name, by which nft addresses it.
public struct NFTTableName: Hashable, Sendable {
  /// `ip`, `ip6`, `inet`.
  public var family: String
  public var name: String
}

extension NFTTableName: CustomStringConvertible {
  /// `inet filter`.
  public var description: String { "\(family) \(name)" }
}

/// A rule of nftables.
struct NFTRule: Hashable, Sendable {
  var handle: Int64
  var comment: String?
  var statements: [NFTStatement]
}

/// What a base chain is attached to.
struct NFTHook: Hashable, Sendable {
  /// `filter`, `nat` or `route`.
  var type: String
  /// `forward`, ….
  var hook: String
  var priority: Int
  var isDropping: Bool
}

/// A chain with its rules in order.
struct NFTChain: Hashable, Sendable {
  var name: String
  /// `nil`: run only when a rule jumps here.
  var hook: NFTHook?
  var rules: [NFTRule] = []
}

/// A table of nftables.
struct NFTTable: Sendable {
  var name: NFTTableName
  var chains: [String: NFTChain] = [:]
  /// The names of the chains as they were declared.
  var order: [String] = []
  var sets: [String: NFTSet] = [:]
}

/// The tables of nftables that have to do with IP packets, those of iptables-nft left out.
public struct NFTRuleset: Sendable {
  var tables: [NFTTable] = []

  /// Without rules.
  public init() {}

  /// Reads what `nft -j list ruleset` printed. Throws if that is none of nft's JSON; objects in it
  /// that are not known are left out.
  public init(parsing bytes: [UInt8]) throws {
    var reader = NFTReader()
    try reader.read(bytes)
    self = reader.ruleset
  }

  /// Whether kube-proxy has written one, in its nftables mode.
  public var hasKubeProxy: Bool { tables.contains { $0.name.name == "kube-proxy" } }

  /// Whether there is none.
  public var isEmpty: Bool { tables.isEmpty }

  /// How many rules there are in all tables.
  public var ruleCount: Int {
    tables.reduce(0) { sum, table in table.chains.values.reduce(sum) { $0 + $1.rules.count } }
  }

  /// All rules, of one chain after the other.
  public var rules: [Rule] {
    tables.flatMap { table in
      table.order.compactMap { table.chains[$0] }.flatMap { chain in
        chain.rules.enumerated().map { i, rule in
          NFTRulePlace(table: table, chain: chain.name, index: i, rule: rule).asRule
        }
      }
    }
  }

  /// A chain by its table.
  func chain(_ name: String, in table: NFTTableName) -> NFTChain? {
    tables.first { $0.name == table }?.chains[name]
  }
}
