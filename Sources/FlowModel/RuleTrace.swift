/// The kernel's own word on which rule, or which chain's policy, a packet died of.
public struct RuleTrace: Hashable, Sendable {
  /// Of the table, as nft writes it: `ip`, `ip6`, `inet`.
  public var family: String
  public var table: String
  public var chain: String
  /// By which nft addresses the rule; `nil`: the chain's policy.
  public var handle: UInt64?

  public init(family: String, table: String, chain: String, handle: UInt64?) {
    self.family = family
    self.table = table
    self.chain = chain
    self.handle = handle
  }
}

extension RuleTrace: CustomStringConvertible {
  /// `ip filter FORWARD rule handle 7 verdict drop`, `inet filter input policy drop`.
  public var description: String {
    let what = handle.map { "rule handle \($0) verdict drop" } ?? "policy drop"
    return "\(family) \(table) \(chain) \(what)"
  }
}
