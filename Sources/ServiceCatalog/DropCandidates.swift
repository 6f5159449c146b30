public import FlowModel

extension RuleSet {
  /// The rules and policies that may have dropped a packet at a hook, in the kernel's order.
  ///
  /// One `.certain` entry when every match on the way could be decided; otherwise all that are
  /// in reach, `.likely`. Empty if no rule of these tables can have done it.
  public func dropCandidates(
    hook: NetfilterHook, tables: [Table]? = nil, packet: RulePacket
  ) -> [RuleMatch] {
    evaluate(hook: hook, tables: tables, packet: packet).filter(\.verdict.isFatal)
  }

  /// All verdicts the packet may have met, accepting ones too.
  public func evaluate(
    hook: NetfilterHook, tables: [Table]? = nil, packet: RulePacket
  ) -> [RuleMatch] {
    NodeRules(ruleSets: [self]).evaluate(hook: hook, tables: tables, packet: packet)
  }
}

extension NodeRules {
  /// As ``RuleSet/dropCandidates(hook:tables:packet:)``, over all rulesets of the packet's IP
  /// version: chains of iptables, of both back ends, and of nftables run where they are there.
  public func dropCandidates(
    hook: NetfilterHook, tables: [Table]? = nil, packet: RulePacket
  ) -> [RuleMatch] {
    evaluate(hook: hook, tables: tables, packet: packet).filter(\.verdict.isFatal)
  }

  /// All verdicts the packet may have met, accepting ones too. `tables`: of iptables only these,
  /// and none of nftables.
  public func evaluate(
    hook: NetfilterHook, tables: [Table]? = nil, packet: RulePacket
  ) -> [RuleMatch] {
    var walk = RuleWalk(packet, at: hook)
    let stages = WalkStage.stages(ruleSets, nft, at: hook, tables: tables, packet: packet)
    for group in stages where !walk.walk(group) { break }
    return walk.verdicts
  }

  /// As ``RuleSet/confirm(_:before:after:drops:)``, over all rulesets.
  public static func confirm(
    _ candidates: [RuleMatch], before: NodeRules, after: NodeRules, drops: Int
  ) -> [RuleMatch] {
    RuleSet.confirm(candidates, before: before, after: after, drops: drops)
  }
}
