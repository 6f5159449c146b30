extension RuleSet {
  /// Judges candidates by what their counters did between two readings of their ruleset.
  ///
  /// A candidate that counted nothing leaves; the only one that counted at least `drops` packets
  /// is certain. Where counters cannot tell (not saved, rule replaced in between, a rule or
  /// policy without counter), a candidate stays as it is, and says so.
  public static func confirm(
    _ candidates: [RuleMatch], before: RuleSet, after: RuleSet, drops: Int
  ) -> [RuleMatch] {
    confirm(
      candidates, before: NodeRules(ruleSets: [before]), after: NodeRules(ruleSets: [after]),
      drops: drops)
  }

  /// The same for candidates from several rulesets.
  static func confirm(
    _ candidates: [RuleMatch], before: NodeRules, after: NodeRules, drops: Int
  ) -> [RuleMatch] {
    let rises = candidates.map { candidate in
      rise(
        CounterSource(candidate, before), CounterSource(candidate, after))
    }
    let risen = rises.count { if case .counted(1...) = $0 { true } else { false } }
    let silent = rises.count { $0 == .unknown }
    var result: [RuleMatch] = []
    for (candidate, rise) in zip(candidates, rises) {
      var match = candidate
      switch rise {
      case .unknown:
        match.reasons.append("its counter does not tell")
        if risen > 0 { match.certainty = .likely }
      case .counted(0):
        continue
      case .counted(let packets):
        let isOnly = risen == 1 && silent == 0
        let isEnough = packets >= UInt64(max(drops, 1))
        match.certainty = isOnly && isEnough ? .certain : .likely
        if isOnly, isEnough { match.reasons = [] }
        match.reasons.append("its counter rose by \(packets)")
      }
      result.append(match)
    }
    if !result.isEmpty || candidates.isEmpty { return result }
    // none counted: the second reading came too early, or something else did it
    return candidates.map { candidate in
      var match = candidate
      match.certainty = .likely
      match.reasons.append("its counter did not rise")
      return match
    }
  }

  private enum Rise: Equatable {
    case counted(UInt64)
    case unknown
  }

  private static func rise(_ before: CounterSource, _ after: CounterSource) -> Rise {
    guard let old = before.counters, let new = after.counters, new.packets >= old.packets else {
      return .unknown
    }
    return .counted(new.packets - old.packets)
  }
}

/// Where a candidate's counters stand in a reading; `nil` if they are not there.
private struct CounterSource {
  let counters: RuleCounters?

  init(_ match: RuleMatch, _ rules: NodeRules) {
    if let table = match.nftTable {
      // a policy counts nothing
      counters = match.rule.flatMap { rules.nft.counters(of: $0, in: table) }
      return
    }
    let chain = rules.ruleSets.first { $0.origin == match.origin }?.chain(
      match.chain, in: match.table)
    if let rule = match.rule {
      counters = chain?.rules.first { $0.identity == rule.identity }?.counters
    } else {
      // iptables-nft prints [0:0] for every policy
      counters = match.origin.backend == .nft ? nil : chain?.policyCounters
    }
  }
}
