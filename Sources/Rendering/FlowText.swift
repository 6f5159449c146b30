internal import Diagnosis
internal import FlowModel
public import Recording

/// Finished flows as lines for people: one for a healthy connection, a block for one that
/// failed. What was shown in full once is not shown again.
public struct FlowText {
  private let style: Style
  private let verbosity: Int
  private var dns: DNSText { DNSText(style: style) }
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
  public mutating func render(_ flow: FlowRecord) -> String {
    let explanation = flow.diagnosis
    // long ago is not "above"
    if explained.count >= 1000 { explained.removeAll(keepingCapacity: true) }
    if ways.count >= 1000 { ways.removeAll(keepingCapacity: true) }
    let header = header(flow)
    let lookups = dns.lines(flow, all: verbosity > 1).map { "    \($0)\n" }.joined()
    guard explanation != nil || verbosity > 0 else { return header + "\n" + lookups }
    if let explanation, !explained.insert(explanation.kind).inserted, verbosity == 0 {
      return header + colour("   \(explanation.cause.printable) as above", explanation) + "\n"
        + lookups
    }
    if let explanation, !explanation.isFailure, verbosity == 0 {
      // its packets are fine
      return header + "\n" + lookups + block(explanation) + "\n"
    }
    let lines = lines(of: flow)
    if explanation == nil, verbosity == 1, !ways.insert(Self.way(lines.map(\.0))).inserted {
      return header + style.dim("   the same way as above") + "\n" + lookups
    }
    let reasons = explanation.map { block($0) } ?? ""
    return header + "\n" + lookups + columns(lines) + reasons + "\n"
  }

  /// Places and what NAT and the tunnel did there: equal for connections that go the same way.
  private static func way(_ lines: [HopLine]) -> String {
    lines.map { "\($0.namespace) \($0.place) \($0.action) \($0.way)" }
      .joined(separator: "\n")
  }

  private func lines(
    of flow: FlowRecord
  ) -> [(HopLine, FlowRecord.PacketRecord, isFirst: Bool)] {
    let hops = HopText(service: flow.service)
    let ways = verbosity > 1 ? flow.timeline : telling(flow)
    var lines: [(HopLine, FlowRecord.PacketRecord, isFirst: Bool)] = []
    for way in ways {
      for (i, line) in hops.lines(of: way, all: verbosity > 1).enumerated() {
        lines.append((line, way, i == 0))
      }
    }
    return lines
  }

  /// The packets that show what happened: the first of the client, then those that died.
  private func telling(_ flow: FlowRecord) -> [FlowRecord.PacketRecord] {
    let timeline = flow.timeline
    var result: [FlowRecord.PacketRecord] = []
    if let first = timeline.first(where: { !$0.isReply && $0.icmpError == nil }) {
      result.append(first)
    }
    for way in timeline.filter({ $0.drop != nil }).prefix(2) where !result.contains(way) {
      result.append(way)
    }
    if let error = timeline.first(where: { $0.icmpError != nil }), !result.contains(error) {
      result.append(error)
    }
    if flow.diagnosis == nil, let answer = timeline.first(where: \.isReply) {
      result.append(answer)
    }
    return result
  }

  // MARK: - Header

  private func header(_ flow: FlowRecord) -> String {
    let target = flow.destination
    let name = flow.service?.knownName.map { "\($0) ".printable } ?? ""
    let proto = IPProtocol(name: flow.transport).map { "\($0)" } ?? flow.transport.printable
    var route = "\(proto) \(flow.source) → \(name)\(target)"
    if let reply = flow.reply {
      if reply.source != target {
        let attempts = flow.attempts.isEmpty ? [reply.source] : flow.attempts
        route += " ⇒ " + attempts.map { "\($0)" }.joined(separator: ", then ")
      }
      if reply.destination != flow.source { route += " (as \(reply.destination))" }
    }
    let state = [
      flow.dns == nil ? "" : dns.inline(flow), summary(flow, isBrief: flow.dns != nil),
    ]
    .filter { !$0.isEmpty }.joined(separator: ", ")
    if flow.diagnosis?.isFailure ?? false {
      return "\(style.red("✗")) \(style.bold(route))   \(style.red(state))"
    }
    let isTroubled = flow.diagnosis != nil || (flow.dns ?? []).contains(where: \.isTroubled)
    let mark = isTroubled ? style.yellow("!") : style.green("✓")
    return "\(mark) \(style.bold(route))   \(isTroubled ? style.yellow(state) : style.dim(state))"
  }

  private func colour(_ text: String, _ explanation: Explanation) -> String {
    explanation.isFailure ? style.red(text) : style.yellow(text)
  }

  /// `isBrief`: what goes without saying beside an answer is not said.
  private func summary(_ flow: FlowRecord, isBrief: Bool = false) -> String {
    var parts: [String] = []
    let isDone = isBrief && flow.state == .completed
    switch flow.state {
    case .completed where isDone: break
    case .noAnswer where isBrief && (flow.dns ?? []).contains(where: \.isUnanswered): break
    case .noAnswer: parts.append("no answer")
    case .refused: parts.append("refused")
    case .reset: parts.append("reset")
    case .open: parts.append("open")
    case .completed: parts.append("ok")
    }
    if flow.syns > 1 { parts.append("\(flow.syns) SYNs") }
    if !isDone, flow.state == .completed || flow.state == .open || flow.state == .reset {
      parts.append("\(flow.packets.original)+\(flow.packets.reply) packets")
      parts.append(milliseconds(flow.end - min(flow.start, flow.end)))
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

  private func columns(_ lines: [(HopLine, FlowRecord.PacketRecord, isFirst: Bool)]) -> String {
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
      (
        "layer",
        "\(e.layer.rawValue)  \(style.dim("(\(e.cause.printable), \(e.certainty.rawValue))"))"
      ))
    for (i, command) in e.check.enumerated() {
      rows.append((i == 0 ? "check" : "", command.printable))
    }
    rows.append(("fix", e.fix.printable))
    let title = "  \(colour("\(e.isFailure ? "✗" : "!") \(e.cause.printable)", e))\n"
    return title
      + rows.map { "      \(style.dim($0.0.padded(6))) \($0.1)\n" }.joined()
  }
}
