import Diagnosis
import FlowModel
import ServiceCatalog

extension RuleFinding {
  init(_ match: RuleMatch, alternatives: Int) {
    self.init(
      table: match.tableText, chain: match.chain, specification: match.specification,
      comment: match.comment, backend: match.origin.backend.rawValue,
      isPolicy: match.rule == nil, certainty: match.certainty == .certain ? .certain : .likely,
      alternatives: alternatives)
  }

  /// The rule that the first of the kernel's traces names, by the first reading of the rules that
  /// has it; `nil` without any trace. A rule that is in no ruleset any more has no text.
  init?(
    _ traces: [RuleTrace], _ readings: [NodeRules], _ hook: NetfilterHook, _ packet: RulePacket,
    at position: Int?
  ) {
    guard let trace = traces.first else { return nil }
    let match = readings.lazy.compactMap { rules in
      rules.match(
        for: trace, position: position,
        among: rules.dropCandidates(hook: hook, packet: packet))
    }.first
    if let match {
      self.init(match, alternatives: 0)
    } else {
      self.init(
        table: "\(trace.family) \(trace.table)", chain: trace.chain,
        specification: trace.handle.map { "rule handle \($0), which is not there any more" }
          ?? "policy drop",
        comment: nil, backend: "nftables", isPolicy: trace.handle == nil, certainty: .certain,
        alternatives: 0)
    }
    self.trace = traces.map { "\($0)" }
  }
}
