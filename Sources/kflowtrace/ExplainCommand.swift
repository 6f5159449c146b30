import ArgumentParser
import Diagnosis
import FoundationEssentials
import KernelTracing
import Recording
import Rendering

/// `kflowtrace explain`: the kernel's words in ours.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what a drop reason or a kernel function in a drop means.",
    discussion: """
      Without a name it lists the reasons of the running kernel. Needs no privilege.

      EXAMPLES
        kflowtrace explain NETFILTER_DROP
        kflowtrace explain no_socket 7 ip_forward+0x2c0
        kflowtrace explain --json | jq -r '.name'
      """)

  @Argument(help: "A reason's name or number, or a function as in a drop's location.")
  var names: [String] = []

  @Flag(help: "One JSON object a line.")
  var json = false

  struct Answer: Encodable {
    var type = "explanation"
    /// `reason` or `function`.
    var kind: String
    var name: String
    /// The reason's number on the running kernel.
    var value: UInt32?
    /// Whether the running kernel has it.
    var isKnownHere: Bool
    var layer: Layer?
    var isHarmless: Bool?
    var what: String?
    var usually: String?
  }

  func run() throws {
    let reasons = DropReasons.ofRunningKernel()
    let list =
      names.isEmpty
      ? reasons.all.filter { !ReasonWords.placeholders.contains($0.name) }
        .map { Self.answer(reason: $0.name, value: $0.value, true) }
      : try names.map { try answer($0, reasons) }
    if json {
      let lines = JSONLines()
      for answer in list where !Output.result(try lines.line(answer)) { return }
    } else if names.isEmpty {
      _ = Output.result(table(list))
    } else {
      _ = Output.result(list.map(block).joined(separator: "\n"))
    }
  }

  private static func answer(reason name: String, value: UInt32?, _ isHere: Bool) -> Answer {
    let words = ReasonWords(named: name)
    return Answer(
      kind: "reason", name: name, value: value, isKnownHere: isHere, layer: words?.layer,
      isHarmless: words?.isHarmless, what: words?.what, usually: words?.usually)
  }

  private func answer(_ text: String, _ reasons: DropReasons) throws -> Answer {
    if let number = UInt32(text) {
      guard let found = reasons.all.first(where: { $0.value == number }) else {
        throw fail(
          "\(text): this kernel has no drop reason of that number; without a name explain "
            + "lists them")
      }
      return Self.answer(reason: found.name, value: number, true)
    }
    let upper = text.uppercased()
    let name = upper.hasPrefix("SKB_DROP_REASON_") ? String(upper.dropFirst(16)) : upper
    if let found = reasons.all.first(where: { $0.name == name }) {
      return Self.answer(reason: name, value: found.value, true)
    }
    if ReasonWords(named: name) != nil { return Self.answer(reason: name, value: nil, false) }
    let function = String(text.prefix { $0 != "+" })
    let isHere = KernelSymbols.has(function)
    if let words = FunctionWords(named: text) {
      return Answer(
        kind: "function", name: words.name, value: nil, isKnownHere: isHere, layer: nil,
        isHarmless: nil, what: words.what, usually: words.usually)
    }
    if isHere {
      return Answer(kind: "function", name: function, value: nil, isKnownHere: true)
    }
    let known = Set(reasons.all.map(\.name)).union(ReasonWords.all.map(\.name))
      .union(FunctionWords.all.map(\.name))
    let close = known.sorted { ($0.distance(to: name), $0) < ($1.distance(to: name), $1) }.prefix(3)
    throw fail(
      "\(text): no drop reason of this kernel, and no function of it; did you mean "
        + close.joined(separator: ", ") + "?")
  }

  private func fail(_ line: String) -> ExitCode {
    Output.note("kflowtrace: explain \(line)".printable)
    return ExitCode(64)
  }

  // MARK: - Text

  private func table(_ list: [Answer]) -> String {
    let width = list.map(\.name.count).max() ?? 0
    return list.map { answer in
      let value = String(answer.value ?? 0)
      return String(repeating: " ", count: max(0, 4 - value.count)) + value + "  "
        + answer.name.padding(toLength: width) + "  " + (answer.what ?? "no words for it yet")
        + "\n"
    }.joined()
  }

  private func block(_ answer: Answer) -> String {
    var head = answer.name
    if let value = answer.value { head += "  (\(value) on this kernel)" }
    if !answer.isKnownHere { head += "  (not on this kernel)" }
    var lines = [head]
    lines.append("  what     \(answer.what ?? "there are no words for it yet")")
    if let usually = answer.usually { lines.append("  usually  \(usually)") }
    if let layer = answer.layer { lines.append("  layer    \(layer.rawValue)") }
    if answer.isHarmless == true { lines.append("  harmless: kflowtrace does not call it a drop") }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension String {
  fileprivate func padding(toLength width: Int) -> String {
    count < width ? self + String(repeating: " ", count: width - count) : self
  }

  /// Levenshtein's.
  fileprivate func distance(to other: String) -> Int {
    let a = Array(self.uppercased().utf8)
    let b = Array(other.uppercased().utf8)
    var row = Array(0...b.count)
    for i in a.indices {
      var corner = row[0]
      row[0] = i + 1
      for j in b.indices {
        let change = corner + (a[i] == b[j] ? 0 : 1)
        corner = row[j + 1]
        row[j + 1] = Swift.min(change, row[j] + 1, corner + 1)
      }
    }
    return row[b.count]
  }
}
