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
  /// The table where `origin.backend` is `nftables`.
  public var nftTable: NFTTableName?
  /// The chain that decided: the rule's, or the built-in one of the policy.
  public var chain: String
  /// `nil`: the policy of the chain.
  public var rule: Rule?
  public var verdict: RuleVerdict
  /// Counters of the rule or of the policy.
  public var counters: RuleCounters?
  /// The rules that led to its chain, outermost first.
  public var path: [Rule]
  /// The comment of the map's element that led here.
  var note: String?
  public var certainty: RuleCertainty
  /// Why it is not certain, or what made it so.
  public var reasons: [String]

  /// As iptables-save prints it, `-A CHAIN …` or `-P CHAIN DROP` for a policy; as nft does,
  /// `tcp dport 80 drop # handle 7` or `policy drop`.
  public var specification: String {
    if let rule { return rule.specification }
    let isAccepting = verdict == .accept
    if nftTable != nil { return "policy \(isAccepting ? "accept" : "drop")" }
    return "-P \(chain) \(isAccepting ? "ACCEPT" : "DROP")"
  }

  /// The table as the tools name it: `filter`, `inet filter`.
  public var tableText: String { nftTable.map { "\($0)" } ?? "\(table)" }

  /// The rule's comment. What kube-proxy's maps say for Services without endpoints reads as in its
  /// comments of iptables: `default/web:http has no endpoints`.
  public var comment: String? {
    guard let note, rule?.comment == nil, table == .kubeProxy else { return rule?.comment ?? note }
    return verdict == .drop ? "\(note) has no local endpoints" : "\(note) has no endpoints"
  }

  /// A command that shows the rule and its counters on the node.
  public var listCommand: String {
    if let nftTable { return "nft -a list chain \(nftTable) \(chain)" }
    let tool = origin.family == .ipv4 ? "iptables" : "ip6tables"
    let variant = origin.backend == .legacy ? "-legacy" : ""
    let table = table == .filter ? "" : " -t \(table)"
    return "\(tool)\(variant)\(table) -L \(chain) -nv --line-numbers"
  }
}
