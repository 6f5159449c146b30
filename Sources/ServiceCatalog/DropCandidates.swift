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
    Self.evaluate([self], hook: hook, tables: tables, packet: packet)
  }

  /// The same for rulesets that are active side by side.
  static func evaluate(
    _ sets: [RuleSet], hook: NetfilterHook, tables: [Table]?, packet: RulePacket
  ) -> [RuleMatch] {
    let sets = sets.filter { $0.origin.family == packet.family }
    var walk = RuleWalk(packet, at: hook)
    for table in order(at: hook) where tables?.contains(table) ?? true {
      guard let packet = packet.seen(by: table, at: hook) else { continue }
      if !walk.walk(sets, table, packet) { break }
    }
    return walk.verdicts
  }

  /// The tables of a hook by priority: -300, -150, -100 (destination NAT), 0, 50, 100 (source
  /// NAT), as in linux/netfilter_ipv4.h.
  static func order(at hook: NetfilterHook) -> [Table] {
    switch hook {
    case .prerouting, .output: [.raw, .mangle, .nat, .filter, .security]
    case .input, .forward, .postrouting: [.raw, .mangle, .filter, .security, .nat]
    }
  }
}

extension RulePacket {
  /// The packet as a table saw it; `nil` if it came past that table unharmed, or never met it.
  ///
  /// A packet with NAT already applied at this hook had passed the tables before.
  fileprivate func seen(by table: Table, at hook: NetfilterHook) -> RulePacket? {
    if table == .nat, states.isDisjoint(with: [.new, .related]) { return nil }
    switch hook {
    case .prerouting, .output:
      return isDestinationTranslated && table != .filter && table != .security ? nil : self
    case .input, .postrouting: return isSourceTranslated ? nil : self
    case .forward: return self
    }
  }
}
