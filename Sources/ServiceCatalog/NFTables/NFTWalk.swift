internal import FlowModel

/// The way through the chains of a table of nftables.
extension RuleWalk {
  mutating func run(base chain: NFTChain, in table: NFTTable, _ conditions: [String]) {
    guard let left = run(chain, of: table, mark, conditions, []) else { return }
    end(
      chain.hook?.isDropping == true ? .drop : .accept, nil, in: chain.name, nil, left, conditions,
      [])
  }

  /// Returns the mark with which the packet may leave the chain's end; `nil` if it cannot.
  private mutating func run(
    _ chain: NFTChain, of table: NFTTable, _ entryMark: KnownMark, _ entryConditions: [String],
    _ path: [Rule]
  ) -> KnownMark? {
    if path.count > Self.depthLimit || !active.insert(chain.name).inserted {
      leak(["the chain \(chain.name) calls itself or is nested too deeply"], entryMark)
      return entryMark
    }
    defer { active.remove(chain.name) }
    var run = NFTChainRun(mark: entryMark, conditions: entryConditions)
    for (i, rule) in chain.rules.enumerated() {
      steps += 1
      if steps > Self.stepLimit {
        leak(["the ruleset is too large to follow"], run.mark)
        return run.leaving
      }
      let place = NFTRulePlace(table: table, chain: chain.name, index: i, rule: rule)
      if self.run(place, &run, path) { return run.exit }
    }
    return run.leaving
  }

  /// Runs the statements of a rule; true if the packet can't get past it.
  private mutating func run(
    _ place: NFTRulePlace, _ run: inout NFTChainRun, _ path: [Rule]
  ) -> Bool {
    let packet = NFTPacket(packet: packet, hook: hook)
    var doubts: [String] = []
    for statement in place.rule.statements {
      switch statement.effect(packet, run.mark, place) {
      case .pass: continue
      case .fail: return false
      case .doubt(let why): doubts.append(why)
      case .setMark(let mark): run.mark = doubts.isEmpty ? mark : run.mark.merged(with: mark)
      case .end(let verdict, let why):
        end(
          verdict, place.asRule, in: place.chain, place.rule.counters, run.mark,
          run.conditions + doubts + why, path)
        if why.isEmpty { return doubts.isEmpty }
      case .verdicts(let choices, let isComplete):
        return follow(choices, isComplete, doubts, place, &run, path)
      }
    }
    return false
  }

  /// Follows the verdicts a rule may have given; true if the packet can't get past it.
  private mutating func follow(
    _ choices: [NFTChoice], _ isComplete: Bool, _ doubts: [String], _ place: NFTRulePlace,
    _ run: inout NFTChainRun, _ path: [Rule]
  ) -> Bool {
    // where chance decides, one of them it was
    let isOver = isComplete && doubts.isEmpty
    var mayGoOn = !isOver
    let entry = run.mark
    var returning: KnownMark? = mayGoOn ? entry : nil
    let conditions = run.conditions
    for choice in choices {
      let taken = conditions + doubts + choice.doubts
      func verdict(_ verdict: RuleVerdict, _ walk: inout RuleWalk) {
        walk.end(
          verdict, place.asRule, in: place.chain, place.rule.counters, entry, taken, path,
          note: choice.note)
      }
      switch choice.verdict {
      case .accept: verdict(.accept, &self)
      case .drop: verdict(.drop, &self)
      case .continue:
        mayGoOn = true
        returning = returning?.merged(with: entry) ?? entry
      case .return:
        run.leave(entry)
        if !isOver { run.conditions = taken }
      case .jump(let name), .goto(let name):
        let first = verdicts.count
        var out: KnownMark? = entry
        if let callee = place.table.chains[name] {
          out = self.run(callee, of: place.table, entry, taken, path + [place.asRule])
          note(choice.note, from: first)
        }
        guard let out else { continue }
        if case .jump = choice.verdict {
          mayGoOn = true
          returning = returning?.merged(with: out) ?? out
        } else {
          run.leave(out)
          if !isOver { run.conditions = taken }
        }
      }
    }
    run.mark = returning ?? run.mark
    return !mayGoOn
  }
}

/// Where the packet may be in a chain.
private struct NFTChainRun {
  var mark: KnownMark
  var conditions: [String]
  /// The mark with which it may have left early.
  private(set) var exit: KnownMark?

  init(mark: KnownMark, conditions: [String]) {
    self.mark = mark
    self.conditions = conditions
  }

  /// The mark with which it may leave at the end.
  var leaving: KnownMark { exit?.merged(with: mark) ?? mark }

  mutating func leave(_ mark: KnownMark) { exit = exit?.merged(with: mark) ?? mark }
}
