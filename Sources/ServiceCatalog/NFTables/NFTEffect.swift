internal import FlowModel

/// A rule and where it is.
struct NFTRulePlace {
  var table: NFTTable
  var chain: String
  /// From 0.
  var index: Int
  var rule: NFTRule

  /// The rule as callers know it.
  var asRule: Rule {
    var jump = RuleJump.none
    for case .verdict(let verdict) in rule.statements {
      switch verdict {
      case .jump(let chain): jump = .jump(chain)
      case .goto(let chain): jump = .goto(chain)
      default: continue
      }
    }
    return Rule(
      table: table.name.table, chain: chain, index: index + 1, occurrence: 0,
      specification: rule.text, comment: rule.comment, counters: rule.counters, jump: jump,
      targetOptions: [], conditions: [], nftTable: table.name)
  }

  /// Why an expression of the rule is not decided.
  func doubt(_ what: String) -> String {
    "rule \(index + 1) of \(chain) asks for \(what), which is not known here"
  }
}

/// A verdict a rule may give.
struct NFTChoice {
  var verdict: NFTVerdict
  /// What must be assumed for it.
  var doubts: [String] = []
  /// The comment of the map's element.
  var note: String?
}

/// What a statement does with a packet.
enum NFTEffect {
  case pass
  /// The rule does not match.
  case fail
  /// Whether it matches is not known: why.
  case doubt(String)
  case setMark(KnownMark)
  /// A verdict that ends the packet's way through the base chain; with reasons to doubt it, the
  /// next statements may run as well.
  case end(RuleVerdict, [String])
  /// Verdicts that depend on a map; complete: it has one for every key there is.
  case verdicts([NFTChoice], isComplete: Bool)
}

extension NFTStatement {
  private static let passing: Set<String> = [
    "log", "notrack", "ct helper", "ct timeout", "ct expectation", "dup", "flow", "secmark",
    "meter", "last",
  ]

  /// What it does with a packet of that mark.
  func effect(_ packet: NFTPacket, _ mark: KnownMark, _ place: NFTRulePlace) -> NFTEffect {
    switch self {
    case .match(let op, let left, let right):
      switch packet.answer(op, left, right, mark, place.table.sets) {
      case .yes: return .pass
      case .no: return .fail
      case .maybe:
        let set = if case .reference(let name) = right { " in @\(name)" } else { "" }
        return .doubt(place.doubt(left.text + set))
      }
    case .verdict(let verdict):
      return verdict == .continue
        ? .pass : .verdicts([NFTChoice(verdict: verdict)], isComplete: true)
    case .reject(let type, let code):
      return .end(.reject([type, code].compactMap { $0 }.joined(separator: " ")), [])
    case .verdictMap(let key, let map): return effect(key, map, packet, mark, place)
    case .counter, .namedCounter, .change: return .pass
    case .mangle(.meta("mark"), let value):
      return .setMark(packet.mark(value, mark, place.table.sets))
    case .mangle: return .pass
    case .nat: return .end(.accept, [])
    case .other("queue", _): return .end(.drop, ["a program in userspace decides at queue"])
    case .other("tproxy", _): return .pass
    case .other("synproxy", _): return .end(.drop, ["synproxy answers in the server's place"])
    case .other("xt", let json): return foreign(json, place)
    case .other(let name, _):
      return Self.passing.contains(name) ? .pass : .doubt(place.doubt(name))
    }
  }

  /// A match or target of iptables in a table that iptables-save could not be asked about.
  private func foreign(_ json: JSONValue, _ place: NFTRulePlace) -> NFTEffect {
    let name = json["xt"]?["name"]?.text ?? "an extension"
    if json["xt"]?["type"]?.text == "target" {
      return .end(.drop, ["the target \(name) is not known here"])
    }
    return name == "comment" ? .pass : .doubt(place.doubt(name))
  }

  private func effect(
    _ key: NFTExpression, _ map: NFTExpression, _ packet: NFTPacket, _ mark: KnownMark,
    _ place: NFTRulePlace
  ) -> NFTEffect {
    guard let readings = packet.key(key, mark) else { return .fail }
    let hits: [(element: NFTElement, answer: Answer)]
    var isComplete = false
    switch map {
    case .reference(let name):
      guard let set = place.table.sets[name] else { return .doubt(place.doubt("@\(name)")) }
      hits = set.isDynamic ? set.elements.map { ($0, .maybe) } : set.hits(readings)
    case .set(let elements):
      hits = NFTElement.hits(elements, readings, key.datatypes)
      if case .numgen(_, let mod, _) = key { isComplete = Int(mod) == elements.count }
    default: return .doubt(place.doubt(key.text))
    }
    if hits.isEmpty { return .fail }
    let choices = hits.map { hit in
      NFTChoice(
        verdict: hit.element.verdict ?? .continue,
        doubts: hit.answer == .yes ? [] : [place.doubt(key.text)], note: hit.element.comment)
    }
    return .verdicts(choices, isComplete: isComplete || hits.contains { $0.answer == .yes })
  }
}

extension NFTPacket {
  /// The mark a rule sets.
  fileprivate func mark(
    _ value: NFTExpression, _ mark: KnownMark, _ sets: [String: NFTSet]
  ) -> KnownMark {
    var reading = read(value, mark)
    if case .number(let number) = value { reading = .known(.number(UInt64(max(number, 0)))) }
    if case .map(let key, .reference(let name)) = value, let set = sets[name], !set.isDynamic,
      let key = self.key(key, mark), let hit = set.hits(key).first, hit.answer == .yes,
      case .number(let number)? = hit.element.value
    {
      reading = .known(.number(UInt64(max(number, 0))))
    }
    switch reading {
    case .known(.number(let number)):
      return KnownMark(value: UInt32(truncatingIfNeeded: number), known: .max)
    case .bits(let value, let known):
      return KnownMark(
        value: UInt32(truncatingIfNeeded: value), known: UInt32(truncatingIfNeeded: known))
    default: return KnownMark(nil)
    }
  }
}

extension NFTRule {
  /// Of its own counter, if that counts just what the rule's last statement sees.
  var counters: RuleCounters? {
    var counters: RuleCounters?
    for statement in statements {
      switch statement {
      case .counter(let values): counters = values
      case .match, .verdictMap: counters = nil
      case .other(let name, _) where name == "limit" || name == "quota": counters = nil
      default: continue
      }
    }
    return counters
  }
}

extension NFTRuleset {
  /// What a rule has counted by this reading; `nil` if it is not there, or has no counter.
  func counters(of rule: Rule, in table: NFTTableName) -> RuleCounters? {
    let rules = chain(rule.chain, in: table)?.rules ?? []
    return rules.first { $0.text == rule.specification }?.counters
  }
}
