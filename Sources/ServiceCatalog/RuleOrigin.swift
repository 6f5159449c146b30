/// The IP version a ruleset is about.
public enum IPFamily: String, Hashable, Sendable, CaseIterable {
  case ipv4
  case ipv6
}

/// The part of the kernel a ruleset lives in; all can be active in one namespace.
public enum RuleBackend: String, Hashable, Sendable, CaseIterable {
  /// Of iptables-nft.
  case nft
  /// Of iptables-legacy.
  case legacy
  /// Written for nftables itself.
  case nftables
}

/// Which of a namespace's rulesets something is from.
public struct RuleOrigin: Hashable, Sendable {
  public var family: IPFamily
  public var backend: RuleBackend

  public init(_ family: IPFamily, _ backend: RuleBackend) {
    self.family = family
    self.backend = backend
  }
}

extension RuleOrigin: CustomStringConvertible {
  /// `ipv4 nft`.
  public var description: String { "\(family.rawValue) \(backend.rawValue)" }
}
