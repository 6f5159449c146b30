public import FlowModel

/// What becomes of a packet in a table.
public enum RuleVerdict: Hashable, Sendable {
  case accept
  case drop
  /// With the answer's name as in `--reject-with`.
  case reject(String)

  /// Whether the packet ends here.
  public var isFatal: Bool { self != .accept }
}

/// How sure it is that a rule was the one.
public enum RuleCertainty: String, Hashable, Sendable {
  case certain
  case likely
}

/// A rule, or a chain's policy, that may have decided about a packet.
public struct RuleMatch: Hashable, Sendable {
  public var origin: RuleOrigin
  public var table: Table
  /// The chain that decided: the rule's, or the built-in one of the policy.
  public var chain: String
  /// `nil`: the policy of the chain.
  public var rule: Rule?
  public var verdict: RuleVerdict
  /// Counters of the rule or of the policy.
  public var counters: RuleCounters?
  /// The rules that led to its chain, outermost first.
  public var path: [Rule]
  public var certainty: RuleCertainty
  /// Why it is not certain, or what made it so.
  public var reasons: [String]

  /// As iptables-save prints it: `-A CHAIN …`, or `-P CHAIN DROP` for a policy.
  public var specification: String {
    rule?.specification ?? "-P \(chain) \(verdict == .accept ? "ACCEPT" : "DROP")"
  }

  /// A command that shows the rule and its counters on the node.
  public var listCommand: String {
    let tool = origin.family == .ipv4 ? "iptables" : "ip6tables"
    let variant = origin.backend == .legacy ? "-legacy" : ""
    let table = table == .filter ? "" : " -t \(table)"
    return "\(tool)\(variant)\(table) -L \(chain) -nv --line-numbers"
  }
}
