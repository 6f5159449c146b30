public import FlowModel

extension NodeRules {
  /// The rule or policy that the kernel's trace names, certain; `nil` if it is not in these rules.
  /// `position`: its number in its chain, by which a rule of iptables is found, as iptables-save
  /// prints no handles.
  public func match(
    for trace: RuleTrace, position: Int?, among candidates: [RuleMatch]
  ) -> RuleMatch? {
    guard var match = candidate(for: trace, position, candidates) ?? rule(for: trace, position)
    else { return nil }
    match.certainty = .certain
    match.reasons = ["the kernel's rule trace: \(trace)"]
    return match
  }

  /// Of the rules that the walk found, which know what led to them.
  private func candidate(
    for trace: RuleTrace, _ position: Int?, _ candidates: [RuleMatch]
  ) -> RuleMatch? {
    candidates.first { candidate in
      guard candidate.chain == trace.chain, candidate.origin.backend != .legacy else {
        return false
      }
      if let table = candidate.nftTable {
        return table == trace.tableName && candidate.rule?.index == index(of: trace)
      }
      return candidate.origin.family.nftName == trace.family
        && "\(candidate.table)" == trace.table
        && candidate.rule?.index == (trace.handle == nil ? nil : position ?? 0)
    }
  }

  /// The rule's number in its chain of nftables; `nil` for a policy.
  private func index(of trace: RuleTrace) -> Int? {
    guard let handle = trace.handle else { return nil }
    let rules = nft.chain(trace.chain, in: trace.tableName)?.rules ?? []
    return (rules.firstIndex { UInt64(bitPattern: $0.handle) == handle } ?? -1) + 1
  }

  private func rule(for trace: RuleTrace, _ position: Int?) -> RuleMatch? {
    let family = trace.family == "ip6" ? IPFamily.ipv6 : .ipv4
    func match(
      _ backend: RuleBackend, _ table: Table, _ name: NFTTableName?, _ rule: Rule?
    ) -> RuleMatch {
      RuleMatch(
        origin: RuleOrigin(family, backend), table: table, nftTable: name, chain: trace.chain,
        rule: rule, verdict: .drop, counters: rule?.counters, path: [], certainty: .certain,
        reasons: [])
    }
    if let table = nft.tables.first(where: { $0.name == trace.tableName }) {
      guard let index = index(of: trace) else {
        return match(.nftables, table.name.table, table.name, nil)
      }
      guard index > 0, let rule = table.chains[trace.chain]?.rules[index - 1] else { return nil }
      let place = NFTRulePlace(table: table, chain: trace.chain, index: index - 1, rule: rule)
      return match(.nftables, table.name.table, table.name, place.asRule)
    }
    let set = ruleSets.first { set in
      set.origin.backend == .nft && set.origin.family.nftName == trace.family
        && set.tables.contains { $0.name == trace.table }
    }
    guard let table = set?.tables.first(where: { $0.name == trace.table }),
      let chain = table.chains[trace.chain]
    else { return nil }
    if trace.handle == nil { return match(.nft, table.table, nil, nil) }
    guard let position, position > 0, position <= chain.rules.count else { return nil }
    return match(.nft, table.table, nil, chain.rules[position - 1])
  }
}

extension RuleTrace {
  fileprivate var tableName: NFTTableName { NFTTableName(family: family, name: table) }
}

extension IPFamily {
  /// As nft names it.
  fileprivate var nftName: String { self == .ipv4 ? "ip" : "ip6" }
}
