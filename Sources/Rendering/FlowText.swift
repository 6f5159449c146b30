public import Diagnosis
public import FlowModel

/// A finished flow as lines for people: one for a healthy connection, a block for one that
/// failed.
public struct FlowText {
  private let style: Style
  private let verbosity: Int

  /// `verbosity` 1: healthy flows get a timeline too; 2: every hop of every packet kept.
  public init(style: Style, verbosity: Int) {
    self.style = style
    self.verbosity = verbosity
  }

  /// The lines, ended by a newline. `isRepeated`: the same was explained before for another flow,
  /// and one line will do.
  public func render(
    _ flow: Flow, _ explanation: Explanation?, isRepeated: Bool = false, on node: any NodeView
  ) -> String {
    let service = node.service(of: flow)
    var text = header(flow, explanation, service)
    if verbosity == 0, let explanation, isRepeated {
      return text + style.red("   \(explanation.cause) as above") + "\n"
    }
    text += "\n"
    guard explanation != nil || verbosity > 0 else { return text }
    let hops = HopText(node: node, flow: flow, service: service)
    let ways = verbosity > 1 ? flow.transmissions : telling(flow, explanation)
    var lines: [(HopLine, Transmission, isFirst: Bool)] = []
    for way in ways {
      for (i, line) in hops.lines(of: way, all: verbosity > 1).enumerated() {
        lines.append((line, way, i == 0))
      }
    }
    text += columns(lines)
    if let explanation { text += block(explanation, flow, node) }
    return text + "\n"
  }

  /// The packets that show what happened: the first of the client, then those that died.
  private func telling(_ flow: Flow, _ explanation: Explanation?) -> [Transmission] {
    var result: [Transmission] = []
    if let first = flow.transmissions.first(where: { !$0.isReply && !$0.isICMPError }) {
      result.append(first)
    }
    for way in flow.drops.prefix(2) where !result.contains(way) { result.append(way) }
    for way in flow.transmissions.filter(\.isICMPError).prefix(1) where !result.contains(way) {
      result.append(way)
    }
    if explanation == nil, let answer = flow.transmissions.first(where: \.isReply) {
      result.append(answer)
    }
    return result
  }

  // MARK: - Header

  private func header(
    _ flow: Flow, _ explanation: Explanation?, _ service: ServiceName?
  ) -> String {
    let target = flow.original.destination
    let name = service.map { "\($0.namespace)/\($0.name) ".printable } ?? ""
    var route = "\(flow.proto) \(flow.original.source) → \(name)\(target)"
    if let translated = flow.translated {
      if translated.destination != target {
        let attempts = flow.attempts.isEmpty ? [translated.destination] : flow.attempts
        route += " ⇒ " + attempts.map { "\($0)" }.joined(separator: ", then ")
      }
      if translated.source != flow.original.source { route += " (as \(translated.source))" }
    }
    let mark = explanation == nil ? style.green("✓") : style.red("✗")
    let state = explanation == nil ? style.dim(summary(flow)) : style.red(summary(flow))
    return "\(mark) \(style.bold(route))   \(state)"
  }

  private func summary(_ flow: Flow) -> String {
    var parts: [String] = []
    switch flow.state {
    case .noAnswer: parts.append("no answer")
    case .refused: parts.append("refused")
    case .reset: parts.append("reset")
    case .open: parts.append("open")
    case .completed: parts.append("ok")
    }
    if flow.syns > 1 { parts.append("\(flow.syns) SYNs") }
    if flow.state == .completed || flow.state == .open || flow.state == .reset {
      parts.append("\(flow.packets.original)+\(flow.packets.reply) packets")
      parts.append(milliseconds(flow.end - flow.start))
    }
    if flow.dropCount > 0, flow.state != .completed || flow.dropCount > 1 {
      parts.append("\(flow.dropCount) dropped")
    }
    if flow.retransmissions > 0 { parts.append("\(flow.retransmissions) retransmitted") }
    if flow.mayMissEvents { parts.append("may miss events") }
    return parts.joined(separator: ", ")
  }

  private func milliseconds(_ ns: UInt64) -> String {
    let tenths = ns / 100_000
    return "\(tenths / 10).\(tenths % 10) ms"
  }

  // MARK: - Timeline

  private func columns(_ lines: [(HopLine, Transmission, isFirst: Bool)]) -> String {
    func width(_ part: (HopLine) -> String) -> Int { lines.map { part($0.0).count }.max() ?? 0 }
    let time = width(\.time)
    let namespace = width(\.namespace)
    let place = width(\.place)
    let action = width(\.action)
    var text = ""
    for (i, (line, way, isFirst)) in lines.enumerated() {
      if isFirst, i > 0 { text += "\n" }
      var detail = line.detail
      if isFirst, way.repeats > 0 { detail += style.dim("   ×\(way.repeats + 1)") }
      let unit = i == 0 ? " ms" : "   "
      var body =
        "\(line.place.padded(place))  \(line.action.padded(action))  \(detail)"
      if line.isDrop {
        body = style.red(body)
      } else if line.isNAT {
        body = style.cyan(body)
      } else if line.isDetail {
        body = style.dim(body)
      }
      let stamp = String(repeating: " ", count: time - line.time.count) + line.time + unit
      let row = "    \(style.dim(stamp))  \(style.dim(line.namespace.padded(namespace)))  \(body)"
      text += Self.trimmed(row) + "\n"
    }
    return text
  }

  private static func trimmed(_ row: String) -> String {
    var row = row
    while row.last == " " { row.removeLast() }
    return row
  }

  // MARK: - Explanation

  private func block(_ e: Explanation, _ flow: Flow, _ node: any NodeView) -> String {
    var rows: [(String, String)] = []
    if let rule = e.rule {
      let by =
        rule.alternatives > 0
        ? "  (\(rule.certainty.rawValue), \(rule.alternatives) more fit)"
        : "  (\(rule.certainty.rawValue))"
      rows.append(("rule", rule.specification.printable + style.dim(by)))
    }
    rows.append(("why", e.why.printable))
    for (i, evidence) in e.evidence.enumerated() {
      rows.append((i == 0 ? "seen" : "", evidence.printable))
    }
    rows.append(
      ("layer", "\(e.layer.rawValue)  \(style.dim("(\(e.cause), \(e.certainty.rawValue))"))"))
    for (i, command) in e.check.enumerated() {
      rows.append((i == 0 ? "check" : "", command.printable))
    }
    rows.append(("fix", e.fix.printable))
    let title = "  \(style.red("✗ \(e.cause)"))\n"
    return title
      + rows.map { "      \(style.dim($0.0.padded(6))) \($0.1)\n" }.joined()
  }
}
