public import FlowModel

/// A chain with its rules in order.
public struct RuleChain: Hashable, Sendable {
  public var name: String
  /// `ACCEPT` or `DROP`; `nil` for a user's chain.
  public var policy: String?
  /// Of the policy. The nft backend counts none: always zero there.
  public var policyCounters: RuleCounters?
  public var rules: [Rule]
}

/// A table with its chains.
public struct RuleTable: Hashable, Sendable {
  /// As written behind `*`.
  public var name: String
  public var table: Table
  public var chains: [String: RuleChain]
  /// The names of the chains as they were declared.
  public var order: [String]
}

/// A line that was not understood.
public struct RuleSetProblem: Hashable, Sendable {
  /// From 1.
  public var line: Int
  public var message: String
}

/// What one `iptables-save` or `ip6tables-save` printed.
public struct RuleSet: Sendable {
  public var origin: RuleOrigin
  public var tables: [RuleTable]
  /// The first lines that were not understood, at most ``problemLimit``.
  public var problems: [RuleSetProblem]
  /// How many there were in all.
  public var problemCount: Int
  /// Warnings iptables itself wrote into its output.
  public var warnings: [String]
  /// Every table ended in `COMMIT`.
  public var isComplete: Bool

  /// The most problems that are kept.
  public static let problemLimit = 100

  /// Without rules.
  public init(_ origin: RuleOrigin) {
    self.origin = origin
    tables = []
    problems = []
    problemCount = 0
    warnings = []
    isComplete = true
  }

  /// Reads what `iptables-save [-c]` wrote. Never fails: see ``problems``.
  public init(parsing text: some StringProtocol, _ origin: RuleOrigin) {
    self.init(parsing: Array(text.utf8), origin)
  }

  /// Reads what `iptables-save [-c]` wrote, byte by byte; bytes that are no UTF-8 are replaced.
  public init(parsing bytes: [UInt8], _ origin: RuleOrigin) {
    var parser = RuleSetParser(origin)
    parser.parse(bytes)
    self = parser.result
  }

  /// The table, if it has any chain.
  public subscript(table: Table) -> RuleTable? { tables.first { $0.table == table } }

  /// A chain of a table.
  public func chain(_ name: String, in table: Table) -> RuleChain? {
    self[table]?.chains[name]
  }

  /// How many rules there are in all tables.
  public var ruleCount: Int {
    tables.reduce(0) { sum, table in table.chains.values.reduce(sum) { $0 + $1.rules.count } }
  }

  /// What `iptables-save` calls this table.
  static func table(named name: String) -> Table {
    switch name {
    case "filter": .filter
    case "nat": .nat
    case "mangle": .mangle
    case "raw": .raw
    case "security": .security
    default: .other
    }
  }
}
