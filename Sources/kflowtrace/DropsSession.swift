import Diagnosis
import FlowCorrelation
import FlowModel
import Glibc
import KernelTracing
import Recording
import Rendering

/// Drops of the whole node, from start to end.
struct DropsSession {
  private let tracer: Tracer
  private let node: NodeKnowledge
  private let interval: UInt64
  private let limit: UInt64?
  private let isTable: Bool
  private let style = Style(isColoured: Output.isColoured)
  private var groups = DropGroups()
  private var explanations: [DropGroup.Key: Explanation?] = [:]

  /// Checks everything that can be wrong before anything is attached.
  init(_ command: DropsCommand) async throws(TracingError) {
    let options = try command.traceOptions()
    interval = try UInt64(duration: command.interval, option: "--interval")
    limit = try command.duration.map { text throws(TracingError) in
      try UInt64(duration: text, option: "--duration")
    }
    isTable = isatty(1) == 1 && !command.json
    try KernelFeatures.probe().requireTracing()
    let traced = options.namespaces.isEmpty ? [try NetworkNamespace.current()] : options.namespaces
    node = NodeKnowledge(traced: traced)
    await node.readRules()
    Interruption.watch()
    tracer = try Tracer(options)
    for line in node.missing { Output.note("note: \(line)") }
    let place =
      options.namespaces.isEmpty ? "every namespace" : traced.map(\.name).joined(separator: ", ")
    let end = limit.map { ", for \(Double($0) / 1e9) s" } ?? "; Ctrl-C ends"
    Output.note("tracing drops in \(place)\(end)")
  }

  /// Until interrupted or out of time; the exit code.
  mutating func run() async throws(TracingError) -> Int32 {
    let begin = Session.now()
    var lastRound = begin
    var lastRelease = begin
    while !Interruption.isAsked {
      let now = Session.now()
      if let limit, now - begin >= limit { break }
      try poll(milliseconds: 50)
      if now - lastRelease > 500_000_000 {
        node.releaseNamespaces()
        lastRelease = now
      }
      if now - lastRound >= interval {
        guard await report(seconds: Double(now - lastRound) / 1e9, since: begin) else { break }
        groups.tick()
        lastRound = now
      }
    }
    try poll(milliseconds: 0)
    _ = await report(seconds: Double(Session.now() - lastRound) / 1e9, since: begin)
    if tracer.eventsLost > 0 {
      Output.note("\(tracer.eventsLost) events lost; a larger --buffer helps")
    }
    return groups.packets > 0 ? 1 : 0
  }

  private mutating func poll(milliseconds: Int32) throws(TracingError) {
    let tracer = tracer
    try tracer.poll(milliseconds: milliseconds) { event in
      if !HarmlessDrops.contains(event, on: node) { groups.ingest(event) }
    }
  }

  /// False when nobody reads it any more.
  private mutating func report(seconds: Double, since begin: UInt64) async -> Bool {
    let ranked = groups.ranked()
    var rows: [DropTable.Row] = []
    for group in ranked { rows.append(DropTable.Row(group, await explain(group))) }
    // those of groups that were forgotten
    let keys = Set(ranked.map(\.key))
    explanations = explanations.filter { keys.contains($0.key) }
    guard isTable else {
      var lines = RecordLines()
      for row in rows where row.group.recent > 0 {
        lines.append(DropGroupRecord(row.group, row.explanation, interval: seconds, on: node))
      }
      return Output.result(lines.bytes)
    }
    let tenths = (Session.now() - begin) / 100_000_000
    let title = "kflowtrace drops   \(groups.packets) packets in \(tenths / 10).\(tenths % 10) s"
    let table =
      rows.isEmpty
      ? "nothing was dropped\n"
      : DropTable(style: style).render(rows, interval: seconds, height: Self.height() - 3, on: node)
    return Output.result("\u{1b}[H\u{1b}[J\(title)\n\n\(table)")
  }

  /// What is wrong, by the first of them; asked once.
  private mutating func explain(_ group: DropGroup) async -> Explanation? {
    if let known = explanations[group.key] { return known }
    var correlator = FlowCorrelator(isServer: { [node] in node.isServer($0, $1) })
    correlator.ingest(group.sample)
    guard let flow = correlator.drain().first else { return nil }
    await node.prepare(for: flow)
    let explanation = Diagnoser.explain(flow, on: node)
    explanations[group.key] = .some(explanation)
    return explanation
  }

  private static func height() -> Int {
    var size = winsize()
    return unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 5 ? Int(size.ws_row) : 24
  }
}
