internal import FlowModel

/// Reads the output of iptables-save line by line.
struct RuleSetParser {
  private(set) var result: RuleSet
  /// Index of the open table.
  private var table: Int?
  private var line = 0
  /// Equal rules seen in the open table.
  private var seen: [String: Int] = [:]

  init(_ origin: RuleOrigin) { result = RuleSet(origin) }

  mutating func parse(_ bytes: [UInt8]) {
    var start = 0
    let count = bytes.count
    while start < count {
      var end = start
      while end < count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
      line += 1
      if start < end { parseLine(bytes, start..<end, isCut: end == count) }
      start = end + 1
    }
    if table != nil { result.isComplete = false }
  }

  private mutating func parseLine(_ bytes: [UInt8], _ range: Range<Int>, isCut: Bool) {
    switch bytes[range.lowerBound] {
    case UInt8(ascii: "#"): parseComment(text(bytes, range))
    case UInt8(ascii: "*"): open(text(bytes, range))
    case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "["):
      // a last line without its newline may be half a rule, which would match too much
      if isCut {
        result.isComplete = false
        problem("cut off")
      } else if bytes[range.lowerBound] == UInt8(ascii: ":") {
        declare(bytes, range)
      } else {
        append(bytes, range)
      }
    default:
      let line = text(bytes, range)
      if line.hasPrefix("COMMIT"), table != nil {
        table = nil
      } else if !line.allSatisfy(\.isWhitespace) {
        problem("not a line of iptables-save")
      }
    }
  }

  private func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  private mutating func problem(_ message: String) {
    result.problemCount += 1
    if result.problems.count < RuleSet.problemLimit {
      result.problems.append(RuleSetProblem(line: line, message: message))
    }
  }

  private mutating func parseComment(_ line: String) {
    if line.hasPrefix("# Warning") || line.hasPrefix("# Table") {
      result.warnings.append(String(line.dropFirst(2)))
    }
  }

  private mutating func open(_ line: String) {
    if table != nil {
      problem("a new table before the COMMIT of the last")
      result.isComplete = false
    }
    let name = String(line.dropFirst().prefix { !$0.isWhitespace })
    seen = [:]
    table = result.tables.firstIndex { $0.name == name }
    guard table == nil else { return }
    result.tables.append(
      RuleTable(name: name, table: RuleSet.table(named: name), chains: [:], order: []))
    table = result.tables.count - 1
  }

  /// `:NAME POLICY [packets:bytes]`.
  private mutating func declare(_ bytes: [UInt8], _ range: Range<Int>) {
    var words = RuleWords(bytes, range.lowerBound + 1..<range.upperBound)
    guard let table, let name = words.next(), let policy = words.next() else {
      return problem("not a chain of a table")
    }
    if result.tables[table].chains[name] == nil { result.tables[table].order.append(name) }
    result.tables[table].chains[
      name, default: RuleChain(name: name, policy: nil, policyCounters: nil, rules: [])
    ].policy = policy == "-" ? nil : policy
    result.tables[table].chains[name]?.policyCounters = words.next().flatMap(Self.counters)
  }

  /// `[packets:bytes] -A CHAIN …`.
  private mutating func append(_ bytes: [UInt8], _ range: Range<Int>) {
    var start = range.lowerBound
    var counted: RuleCounters?
    if bytes[start] == UInt8(ascii: "[") {
      var end = start
      while end < range.upperBound, bytes[end] != UInt8(ascii: " ") { end += 1 }
      counted = Self.counters(text(bytes, start..<end))
      if counted == nil { return problem("counters not understood") }
      start = min(end + 1, range.upperBound)
    }
    var words = RuleWords(bytes, start..<range.upperBound)
    guard let table else { return problem("a rule outside of a table") }
    guard words.next() == "-A", let chain = words.next() else {
      return problem("not an appended rule")
    }
    var all: [String] = []
    while let word = words.next() { all.append(word) }
    if words.isUnterminated { return problem("a quote is not closed") }
    var options = RuleOptions()
    options.read(all)
    let specification = text(bytes, start..<range.upperBound)
    let occurrence = seen[specification, default: 0]
    seen[specification] = occurrence + 1
    let count = result.tables[table].chains[chain]?.rules.count
    if count == nil { result.tables[table].order.append(chain) }
    let rule = Rule(
      table: result.tables[table].table, chain: chain, index: (count ?? 0) + 1,
      occurrence: occurrence, specification: specification, comment: options.comment,
      counters: counted, jump: options.jump, targetOptions: options.targetOptions,
      conditions: options.conditions)
    result.tables[table].chains[
      chain, default: RuleChain(name: chain, policy: nil, policyCounters: nil, rules: [])
    ].rules.append(rule)
  }

  /// From `[packets:bytes]`.
  private static func counters(_ text: String) -> RuleCounters? {
    guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
    let parts = text.dropFirst().dropLast().split(separator: ":")
    guard parts.count == 2, let packets = UInt64(parts[0]), let bytes = UInt64(parts[1]) else {
      return nil
    }
    return RuleCounters(packets: packets, bytes: bytes)
  }
}
