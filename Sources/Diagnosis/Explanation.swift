/// How sure a statement is.
public enum Certainty: String, Sendable, Comparable, Codable {
  /// Concluded from where it happened; the kernel said nothing.
  case inferred
  /// All that was seen fits, something else might too.
  case likely
  /// The kernel said so, or nothing else is possible.
  case certain

  public static func < (a: Certainty, b: Certainty) -> Bool {
    let order: [Certainty] = [.inferred, .likely, .certain]
    return (order.firstIndex(of: a) ?? 0) < (order.firstIndex(of: b) ?? 0)
  }
}

/// Whose part of the cluster's network is at fault.
public enum Layer: String, Sendable, Codable, CaseIterable {
  case dns
  case service
  case policy
  case podNetwork = "pod-network"
  case node
  case application
}

/// The rule that dropped or rejected a packet.
public struct RuleFinding: Hashable, Sendable, Codable {
  /// `filter`; with its family in nftables, `inet filter`.
  public var table: String
  public var chain: String
  /// As `iptables-save` writes it, or `nft -a -s list chain`.
  public var specification: String
  public var comment: String?
  /// `nft` or `legacy`, of iptables, or `nftables`.
  public var backend: String
  /// The chain policy of a built-in or base chain rather than a rule.
  public var isPolicy: Bool
  public var certainty: Certainty
  /// How many other rules could have done it.
  public var alternatives: Int
  /// The kernel's own word on it, if its rules were traced, then on other packets of the kind that
  /// died otherwise.
  public var trace: [String]?

  public init(
    table: String, chain: String, specification: String, comment: String?, backend: String,
    isPolicy: Bool, certainty: Certainty, alternatives: Int, trace: [String]? = nil
  ) {
    self.table = table
    self.chain = chain
    self.specification = specification
    self.comment = comment
    self.backend = backend
    self.isPolicy = isPolicy
    self.certainty = certainty
    self.alternatives = alternatives
    self.trace = trace
  }

  /// Whether a NetworkPolicy's engine made it, by its chain or table.
  public var isNetworkPolicy: Bool { PolicyEngine(self) != nil }

  /// The rule with the place it is at, which iptables has in the rule itself.
  public var text: String {
    backend == "nftables" ? "\(table) \(chain): \(specification)" : specification
  }
}

/// What happened to a flow and what to do about it.
public struct Explanation: Hashable, Sendable, Codable {
  /// Stable identifier, as in `policy-drop`.
  public var cause: String
  public var layer: Layer
  public var certainty: Certainty
  /// One sentence for people.
  public var why: String
  /// What of this flow shows it.
  public var evidence: [String]
  /// Commands that confirm it.
  public var check: [String]
  public var fix: String
  public var rule: RuleFinding?
  /// `nil` for what failed.
  public var severity: Severity?

  /// What is less than a failure.
  public enum Severity: String, Hashable, Sendable, Codable {
    /// It worked, later than it could have.
    case delay
  }

  /// Whether the connection failed by it.
  public var isFailure: Bool { severity == nil }

  public init(
    cause: String, layer: Layer, certainty: Certainty, why: String, evidence: [String],
    check: [String], fix: String, rule: RuleFinding? = nil, severity: Severity? = nil
  ) {
    self.cause = cause
    self.layer = layer
    self.certainty = certainty
    self.why = why
    self.evidence = evidence
    self.check = check
    self.fix = fix
    self.rule = rule
    self.severity = severity
  }

  /// What flows that failed for the same reason at the same place have in common.
  public struct Kind: Hashable, Sendable {
    var cause: String
    var why: String
    var rule: String?
  }

  public var kind: Kind { Kind(cause: cause, why: why, rule: rule?.text) }
}
