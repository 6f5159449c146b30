import Diagnosis
import FlowCorrelation
import FlowModel
import Glibc
import KernelTracing
import Recording
import Rendering

/// One trace from start to summary.
struct Session {
  private let command: TraceCommand
  private let tracer: Tracer
  private let node: NodeKnowledge
  private let limit: UInt64?
  private let description: String
  private let style = Style(isColoured: Output.isColoured)
  private var flowText: FlowText
  private let json = JSONLines()
  private var correlator: FlowCorrelator
  /// Finished and not told yet: telling takes longer than a packet, and the ring buffer must not fill
  /// up meanwhile.
  private var pending: ArraySlice<Flow> = []
  private var summary = Summary()
  private var lostBefore: UInt64 = 0
  private var shown = 0
  private var isReaderGone = false
  /// The last thing printed ended with an empty line.
  private var isInBlock = false

  /// Checks everything that can be wrong before anything is attached.
  init(_ command: TraceCommand) async throws(TracingError) {
    self.command = command
    flowText = FlowText(style: style, verbosity: command.verbose)
    var options = try command.traceOptions()
    limit = try command.duration.map { text throws(TracingError) in
      try UInt64(duration: text, option: "--duration")
    }
    for text in command.flow { try options.matches.add(flow: text) }
    var targets: [ServiceTarget] = []
    for text in command.svc { targets.append(try ServiceTarget(text)) }
    for text in command.pod {
      options.matches.sides.insert(try AddressTarget(text, option: "--pod").side)
    }
    try KernelFeatures.probe().requireTracing()
    options.namespaces = try NetworkNamespace.list(command.netns)
    let traced = options.namespaces.isEmpty ? [try NetworkNamespace.current()] : options.namespaces
    node = NodeKnowledge(traced: traced)
    await node.readRules()
    let selected = try node.select(targets, into: &options.matches)
    let isDNSAlone = command.dns == true && options.matches.isEmpty && !command.all
    if isDNSAlone { options.matches.sides = [.init(address: nil, port: 53)] }
    options.dns = command.dns ?? options.matches.selects(port: 53)
    options.dropsOnly = command.dropsOnly && options.matches.isEmpty
    if command.all || options.dropsOnly { options.matches = MatchSet() }
    description =
      ((isDNSAlone ? ["DNS (port 53)"] : []) + selected + command.pod.map { "pod \($0)" }
      + command.flow.map { "flow \($0)" })
      .joined(separator: ", ")
    Interruption.watch()
    tracer = try Tracer(options)
    var patience = FlowPatience()
    if command.json { patience.unanswered = 5_000_000_000 }
    let node = node
    correlator = FlowCorrelator(
      patience: patience, isServer: { node.isServer($0, $1) },
      isHarmless: { HarmlessDrops.contains($0, on: node) })
    announce(traced, options)
  }

  private func announce(_ traced: [NetworkNamespace], _ options: TraceOptions) {
    for line in node.missing { Output.note("note: \(line)") }
    let missing = tracer.missingFunctions
    if !missing.isEmpty {
      Output.note(
        "note: not probed, the kernel or its loaded modules lack them: "
          + missing.joined(separator: ", "))
    }
    let what = description.isEmpty ? (options.dropsOnly ? "drops" : "everything") : description
    let names = traced.map(\.name)
    // the drop tracepoint sees every namespace unless it is narrowed
    let place =
      options.dropsOnly && options.namespaces.isEmpty
      ? "every namespace"
      : names.count > 4 ? "\(names.count) namespaces" : names.joined(separator: ", ")
    let means = options.dropsOnly ? "drop tracepoint" : "\(tracer.backend.rawValue) backend"
    let end = limit.map { ", for \(Double($0) / 1e9) s" } ?? "; Ctrl-C ends"
    Output.note("tracing \(what) in \(place) (\(means))\(end)")
  }

  /// Until interrupted, out of time or out of flows; the exit code.
  mutating func run() async throws(TracingError) -> Int32 {
    let begin = Self.now()
    var lastCheck = begin
    while !Interruption.isAsked, !isReaderGone {
      let now = Self.now()
      if let limit, now - begin >= limit { break }
      if let flows = command.flows, shown >= flows { break }
      try poll(milliseconds: pending.isEmpty ? 50 : 0)
      if now - lastCheck > 200_000_000 {
        lastCheck = now
        try housekeeping()
        pending += correlator.finished(now: Self.now())
      }
      await report(upTo: Self.now() + 5_000_000)
    }
    try poll(milliseconds: 0)
    try housekeeping()
    pending += correlator.drain()
    await report(upTo: .max)
    let text = summary.render(
      style: command.json ? Style(isColoured: false) : style,
      seconds: Double(Self.now() - begin) / 1e9, eventsLost: tracer.eventsLost,
      truncated: tracer.truncatedPackets)
    if command.json {
      Output.note(text)
    } else {
      _ = Output.result((isInBlock ? "" : "\n") + text)
    }
    return summary.failures > 0 ? 1 : 0
  }

  private mutating func poll(milliseconds: Int32) throws(TracingError) {
    for (netns, interfaces) in try tracer.followDevices() {
      node.learn(interfaces, in: netns)
    }
    var batch: [(Event, payload: [UInt8]?)] = []
    try tracer.pollPayloads(milliseconds: milliseconds) { batch.append(($0, $1)) }
    for (event, payload) in batch { correlator.ingest(event, payload: payload) }
  }

  private mutating func housekeeping() throws(TracingError) {
    let added = try tracer.followModules()
    if !added.isEmpty {
      Output.note("note: probed after a module was loaded: " + added.joined(separator: ", "))
    }
    let lost = tracer.eventsLost
    if lost > lostBefore {
      lostBefore = lost
      correlator.noteLoss()
    }
  }

  /// Tells finished flows until they are all told or it is that late (CLOCK_BOOTTIME, ns).
  private mutating func report(upTo time: UInt64) async {
    while !isReaderGone, time == .max || Self.now() < time, let flow = pending.popFirst() {
      if let limit = command.flows, shown >= limit { return }
      if command.pod.isEmpty, command.flow.isEmpty, !command.all, node.isOfAnotherService(flow) {
        continue
      }
      await node.prepare(for: flow)
      let explanation = Diagnoser.explain(flow, on: node)
      summary.add(flow, explanation, of: node.service(of: flow))
      guard explanation?.isFailure ?? false || !command.dropsOnly else { continue }
      shown += 1
      let text: String
      if command.json {
        let record = FlowRecord(flow, explanation, on: node)
        guard let line = try? json.line(record) else { continue }
        text = line
      } else {
        text = flowText.render(flow, explanation, on: node)
        isInBlock = text.hasSuffix("\n\n")
      }
      if !Output.result(text) {
        isReaderGone = true
        return
      }
    }
  }

  /// CLOCK_BOOTTIME, ns.
  static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
