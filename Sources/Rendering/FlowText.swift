public import Diagnosis
public import FlowModel

/// Finished flows as lines for people: one for a healthy connection, a block for one that
/// failed. What was shown in full once is not shown again.
public struct FlowText {
  private let style: Style
  private let verbosity: Int
  /// Failures that were explained.
  private var explained: Set<Explanation.Kind> = []
  /// Ways that were shown.
  private var ways: Set<String> = []

  /// `verbosity` 1: healthy flows get a timeline too; 2: every hop of every packet kept.
  public init(style: Style, verbosity: Int) {
    self.style = style
    self.verbosity = verbosity
  }

  /// The lines, ended by a newline; a block by two.
  public mutating func render(
    _ flow: Flow, _ explanation: Explanation?, on node: any NodeView
  ) -> String {
    // long ago is not "above"
    if explained.count >= 1000 { explained.removeAll(keepingCapacity: true) }
    if ways.count >= 1000 { ways.removeAll(keepingCapacity: true) }
    let service = node.service(of: flow)
    let header = header(flow, explanation, service)
    guard explanation != nil || verbosity > 0 else { return header + "\n" }
    if let explanation, !explained.insert(explanation.kind).inserted, verbosity == 0 {
      return header + style.red("   \(explanation.cause) as above") + "\n"
    }
    let lines = lines(of: flow, explanation, HopText(node: node, flow: flow, service: service))
    if explanation == nil, verbosity == 1, !ways.insert(Self.way(lines.map(\.0))).inserted {
      return header + style.dim("   the same way as above") + "\n"
    }
    let reasons = explanation.map { block($0) } ?? ""
    return header + "\n" + columns(lines) + reasons + "\n"
  }

  /// Places and what NAT and the tunnel did there: equal for connections that go the same way.
  private static func way(_ lines: [HopLine]) -> String {
    lines.map { "\($0.namespace) \($0.place) \($0.action) \($0.way)" }
      .joined(separator: "\n")
  }

  private func lines(
    of flow: Flow, _ explanation: Explanation?, _ hops: HopText
  ) -> [(HopLine, Transmission, isFirst: Bool)] {
    let ways = verbosity > 1 ? flow.transmissions : telling(flow, explanation)
    var lines: [(HopLine, Transmission, isFirst: Bool)] = []
    for way in ways {
      for (i, line) in hops.lines(of: way, all: verbosity > 1).enumerated() {
        lines.append((line, way, i == 0))
      }
    }
    return lines
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
    let name = service?.knownName.map { "\($0) ".printable } ?? ""
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

  private func block(_ e: Explanation) -> String {
    var rows: [(String, String)] = []
    if let rule = e.rule {
      let by =
        rule.alternatives > 0
        ? "  (\(rule.certainty.rawValue), \(rule.alternatives) more fit)"
        : "  (\(rule.certainty.rawValue))"
      rows.append(("rule", rule.text.printable + style.dim(by)))
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
