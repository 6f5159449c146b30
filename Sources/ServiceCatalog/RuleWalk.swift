internal import FlowModel

/// Follows a packet through the chains of its hook, keeping what cannot be decided apart.
///
/// Every way the packet may have taken is followed at once. `conditions` are the undecided
/// matches one has to assume to be where the walk is; a verdict given under conditions is a
/// leak: from then on the packet may be gone, and all later verdicts are likely only.
struct RuleWalk {
  private let hook: NetfilterHook
  private(set) var verdicts: [RuleMatch] = []
  private var origin = RuleOrigin(.ipv4, .nft)
  private var table = Table.filter
  private var chains: [String: RuleChain] = [:]
  private var packet: RulePacket
  /// The packet's mark on entering the next table.
  private var mark: KnownMark
  /// The mark with which it may leave this one.
  private var passingMark: KnownMark?
  /// Undecided matches that may have ended the packet, in an earlier table or in this.
  private var droppedIf: [String] = []
  private var acceptedIf: [String] = []
  private var mayPass = false
  private var active: Set<String> = []
  private var steps = 0

  /// Rules looked at before the walk gives up, and chains within chains (nft allows 16).
  private static let stepLimit = 500_000
  private static let depthLimit = 100
  private static let reasonLimit = 8

  init(_ packet: RulePacket, at hook: NetfilterHook) {
    self.packet = packet
    self.hook = hook
    mark = KnownMark(packet.mark)
  }

  /// One table of each ruleset, which run at the same priority in an order that is not known.
  /// Returns whether the packet may get past all of them.
  mutating func walk(_ sets: [RuleSet], _ table: Table, _ packet: RulePacket) -> Bool {
    self.table = table
    self.packet = packet
    let before = droppedIf
    var dropped = before
    var isCertainlyDropped = false
    let first = verdicts.count
    for set in sets {
      guard let chains = set[table]?.chains, let chain = chains[hook.description] else { continue }
      origin = set.origin
      self.chains = chains
      droppedIf = before
      acceptedIf = []
      mayPass = false
      passingMark = nil
      run(base: chain)
      mark = passingMark ?? mark
      dropped += droppedIf.dropFirst(before.count)
      if !mayPass { isCertainlyDropped = true }
    }
    droppedIf = dropped
    doubtRivals(from: first)
    return !isCertainlyDropped
  }

  /// Of two back ends that both drop it one was first.
  private mutating func doubtRivals(from first: Int) {
    let fatal = verdicts[first...].filter(\.verdict.isFatal)
    guard Set(fatal.map(\.origin)).count > 1 else { return }
    for i in first..<verdicts.count where verdicts[i].verdict.isFatal {
      verdicts[i].certainty = .likely
      verdicts[i].reasons.append("iptables-nft and iptables-legacy both have rules that drop it")
    }
  }

  private mutating func run(base chain: RuleChain) {
    var conditions: [String] = []
    if table == .nat, !packet.states.isSubset(of: [.new, .related]) {
      conditions = ["only the first packet of a connection passes the nat table"]
      mayPass = true
      passingMark = mark
    }
    active = []
    guard let left = run(chain, mark, conditions, []) else { return }
    end(chain.policy == "DROP" ? .drop : .accept, nil, chain, left, conditions, [])
  }

  /// Returns the mark with which the packet may leave the chain's end; `nil` if it cannot.
  private mutating func run(
    _ chain: RuleChain, _ entryMark: KnownMark, _ entryConditions: [String], _ path: [Rule]
  ) -> KnownMark? {
    if path.count > Self.depthLimit || !active.insert(chain.name).inserted {
      leak(["the chain \(chain.name) calls itself or is nested too deeply"], entryMark)
      return entryMark
    }
    defer { active.remove(chain.name) }
    var mark = entryMark
    var conditions = entryConditions
    var exit: KnownMark?
    func leaving(_ mark: KnownMark) -> KnownMark { exit?.merged(with: mark) ?? mark }

    for rule in chain.rules {
      steps += 1
      if steps > Self.stepLimit {
        leak(["the ruleset is too large to follow"], mark)
        return leaving(mark)
      }
      let undecided = self.undecided(rule, mark)
      guard let undecided else { continue }
      let isSure = undecided.isEmpty
      let taken = conditions + undecided

      switch rule.action(chains) {
      case .pass: continue
      case .setMark(let xor, let mask):
        var changed = mark
        changed.set(xor: xor, mask: mask)
        mark = isSure ? changed : mark.merged(with: changed)
      case .loseMark: mark.forget()
      case .accept:
        end(.accept, rule, chain, mark, taken, path)
        if isSure { return exit }
      case .drop:
        end(.drop, rule, chain, mark, taken, path)
        if isSure { return exit }
      case .reject(let with):
        end(.reject(with), rule, chain, mark, taken, path)
        if isSure { return exit }
      case .undecided(let why):
        end(.drop, rule, chain, mark, taken + [why], path)
      case .leave:
        exit = leaving(mark)
        if isSure { return exit }
        conditions = taken
      case .call(let callee):
        let out = run(callee, mark, taken, path + [rule])
        if let out {
          mark = isSure ? out : mark.merged(with: out)
        } else if isSure {
          return exit
        }
      case .goto(let callee):
        if let out = run(callee, mark, taken, path + [rule]) { exit = leaving(out) }
        if isSure { return exit }
        conditions = taken
      }
    }
    return leaving(mark)
  }

  /// The conditions of a rule that cannot be decided; `nil` if one surely fails.
  private func undecided(_ rule: Rule, _ mark: KnownMark) -> [String]? {
    var reasons: [String] = []
    for condition in rule.conditions {
      switch packet.answer(condition, at: hook, mark: mark) {
      case .yes: continue
      case .no: return nil
      case .maybe: reasons.append(rule.reason(condition))
      }
    }
    return reasons
  }

  private mutating func end(
    _ verdict: RuleVerdict, _ rule: Rule?, _ chain: RuleChain, _ mark: KnownMark,
    _ conditions: [String], _ path: [Rule]
  ) {
    let reasons = droppedIf + acceptedIf + conditions
    verdicts.append(
      RuleMatch(
        origin: origin, table: table, chain: chain.name, rule: rule, verdict: verdict,
        counters: rule.map(\.counters) ?? chain.policyCounters, path: path,
        certainty: reasons.isEmpty ? .certain : .likely,
        reasons: Self.distinct(reasons)))
    if verdict.isFatal {
      droppedIf = Self.distinct(droppedIf + conditions)
    } else {
      pass(mark)
      acceptedIf = Self.distinct(acceptedIf + conditions)
    }
  }

  private mutating func pass(_ mark: KnownMark) {
    mayPass = true
    passingMark = passingMark?.merged(with: mark) ?? mark
  }

  /// The packet may have met an end that the walk did not see.
  private mutating func leak(_ reasons: [String], _ mark: KnownMark) {
    pass(mark)
    droppedIf = Self.distinct(droppedIf + reasons)
  }

  private static func distinct(_ reasons: [String]) -> [String] {
    var seen: Set<String> = []
    return Array(reasons.filter { seen.insert($0).inserted }.prefix(reasonLimit))
  }
}

extension Rule {
  /// Why one of its conditions is not decided.
  fileprivate func reason(_ condition: RuleCondition) -> String {
    let what: String =
      switch condition.test {
      case .extension(let match): match.description
      case .interface: "the device"
      case .mark: "the mark"
      case .addressType: "the address type"
      case .tcpFlags: "TCP flags"
      case .icmp: "the ICMP type"
      case .length: "the length"
      case .fragment: "fragments"
      default: "conntrack's state"
      }
    return "rule \(index) of \(chain) asks for \(what), which is not known here"
  }
}
