import Diagnosis
import FlowModel
import ServiceCatalog

extension RuleFinding {
  init(_ match: RuleMatch, alternatives: Int, trace: RuleTrace? = nil) {
    self.init(
      table: match.tableText, chain: match.chain, specification: match.specification,
      comment: match.comment, backend: match.origin.backend.rawValue,
      isPolicy: match.rule == nil, certainty: match.certainty == .certain ? .certain : .likely,
      alternatives: alternatives, trace: trace.map { "\($0)" })
  }

  /// The rule the kernel names. One that is in no ruleset any more has no text.
  init(_ trace: RuleTrace, _ rules: NodeRules, among candidates: [RuleMatch], at position: Int?) {
    if let match = rules.match(for: trace, position: position, among: candidates) {
      self.init(match, alternatives: 0, trace: trace)
      return
    }
    self.init(
      table: "\(trace.family) \(trace.table)", chain: trace.chain,
      specification: trace.handle.map { "rule handle \($0), which is not there any more" }
        ?? "policy drop",
      comment: nil, backend: "nftables", isPolicy: trace.handle == nil, certainty: .certain,
      alternatives: 0, trace: "\(trace)")
  }
}
