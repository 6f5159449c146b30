public import FlowModel

/// The iptables rules of one network namespace, of both IP versions and both back ends.
public struct NodeRules: Sendable {
  public var ruleSets: [RuleSet]
  /// What could not be read or understood, and so cannot be named; a sentence each.
  public var missing: [String]

  public init(ruleSets: [RuleSet] = [], missing: [String] = []) {
    self.ruleSets = ruleSets
    self.missing = missing
  }

  /// Reads the rules of a network namespace (`/run/netns/NAME`, `/proc/PID/ns/net`; `nil`: our
  /// own) with the node's own iptables-save commands.
  ///
  /// Never throws: what cannot be read is told in ``missing``.
  public static func read(netns path: String? = nil) async -> NodeRules {
    await NodeRulesReader(path).read()
  }

  /// The Services these rules serve.
  public var catalog: ServiceCatalog { ServiceCatalog(ruleSets) }

  /// As ``RuleSet/dropCandidates(hook:tables:packet:)``, over all rulesets of the packet's IP
  /// version: chains of both back ends run where both are there.
  public func dropCandidates(
    hook: NetfilterHook, tables: [Table]? = nil, packet: RulePacket
  ) -> [RuleMatch] {
    evaluate(hook: hook, tables: tables, packet: packet).filter(\.verdict.isFatal)
  }

  /// All verdicts the packet may have met, accepting ones too.
  public func evaluate(
    hook: NetfilterHook, tables: [Table]? = nil, packet: RulePacket
  ) -> [RuleMatch] {
    RuleSet.evaluate(ruleSets, hook: hook, tables: tables, packet: packet)
  }

  /// As ``RuleSet/confirm(_:before:after:drops:)``, over all rulesets.
  public static func confirm(
    _ candidates: [RuleMatch], before: NodeRules, after: NodeRules, drops: Int
  ) -> [RuleMatch] {
    RuleSet.confirm(candidates, before: before.ruleSets, after: after.ruleSets, drops: drops)
  }
}
