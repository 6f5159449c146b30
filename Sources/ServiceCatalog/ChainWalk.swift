internal import FlowModel

/// The way through the chains of an iptables table.
extension RuleWalk {
  mutating func run(base chain: RuleChain, _ conditions: [String]) {
    guard let left = run(chain, mark, conditions, []) else { return }
    end(
      chain.policy == "DROP" ? .drop : .accept, nil, in: chain.name, chain.policyCounters, left,
      conditions, [])
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
        end(.accept, rule, in: chain.name, rule.counters, mark, taken, path)
        if isSure { return exit }
      case .drop:
        end(.drop, rule, in: chain.name, rule.counters, mark, taken, path)
        if isSure { return exit }
      case .reject(let with):
        end(.reject(with), rule, in: chain.name, rule.counters, mark, taken, path)
        if isSure { return exit }
      case .undecided(let why):
        end(.drop, rule, in: chain.name, rule.counters, mark, taken + [why], path)
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
