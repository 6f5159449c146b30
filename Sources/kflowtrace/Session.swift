import Diagnosis
import FlowCorrelation
import FlowModel
import Glibc
import KernelTracing
import Privileges
import Recording
import Rendering

/// One trace from start to summary.
struct Session {
  private let command: TraceCommand
  private let tracer: Tracer
  /// With `--trace-rules`.
  private let ruleTracer: RuleTracer?
  private let node: NodeKnowledge
  private let limit: UInt64?
  private let description: String
  private let style = Style(isColoured: Output.isColoured)
  private var flowText: FlowText
  private var lines = RecordLines()
  private var recorder: Recorder?
  private var correlator: FlowCorrelator
  /// Finished and not told yet: telling takes longer than a packet, and the ring buffer must not fill
  /// up meanwhile.
  private var pending: ArraySlice<Flow> = []
  private static let pendingLimit = 16384
  private var summary = Summary()
  private var lostBefore: UInt64 = 0
  private var shown = 0
  private var isReaderGone = false
  /// The last thing printed ended with an empty line.
  private var isInBlock = false

  /// Checks everything that can be wrong before anything is attached.
  init(_ command: TraceCommand) async throws(TracingError) {
    self.command = command
    let features = KernelFeatures.probe()
    flowText = FlowText(style: style, verbosity: command.verbose)
    var options = try command.traceOptions()
    let memory = try Int(bytes: command.memory, option: "--memory")
    limit = try command.duration.map { text throws(TracingError) in
      try UInt64(duration: text, option: "--duration")
    }
    for text in command.flow { try options.matches.add(flow: text) }
    var targets: [ServiceTarget] = []
    for text in command.svc { targets.append(try ServiceTarget(text)) }
    for text in command.pod {
      options.matches.sides.insert(try AddressTarget(text, option: "--pod").side)
    }
    try features.requireTracing()
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
    ruleTracer = command.traceRules ? try RuleTracer(options) : nil
    node.ruleTracer = ruleTracer
    // last: a trace that can't begin leaves no file
    recorder = try command.record.map { path throws(TracingError) in
      let limit = try command.rotate.map { text throws(TracingError) in
        try Int(bytes: text, option: "--rotate")
      }
      let raised = Privilege.raise(.files)
      defer { raised.end() }
      do throws(RecordingError) {
        return Recorder(
          try RecordingWriter(path: path, isForced: command.force, rotate: limit))
      } catch {
        throw TracingError(error)
      }
    }
    var patience = FlowPatience()
    if command.json { patience.unanswered = 5_000_000_000 }
    let node = node
    correlator = FlowCorrelator(
      patience: patience, memory: memory, isServer: { node.isServer($0, $1) },
      isHarmless: { HarmlessDrops.contains($0, on: node) })
    announce(traced, options)
    recorder?.begin(
      kernel: features.release, backend: options.dropsOnly ? "drops" : tracer.backend.rawValue,
      namespaces: traced.map(\.name), selection: description, catalog: node.catalog)
  }

  private func announce(_ traced: [NetworkNamespace], _ options: TraceOptions) {
    for line in node.missing { Output.note("note: \(line)") }
    // IPVS is a module that most nodes do without
    let missing = tracer.missingFunctions.filter { !$0.hasPrefix("ip_vs_") }
    if !missing.isEmpty {
      Output.note(
        "note: not probed, the kernel or its loaded modules lack them: "
          + missing.joined(separator: ", "))
    }
    if let ruleTracer {
      let tables = Set(ruleTracer.tables).sorted().joined(separator: ", ")
      Output.note("note: made the nftables table \(tables), which goes when this ends")
      if node.hasLegacyRules {
        Output.note(
          "note: the kernel doesn't trace rules of iptables-legacy; those are told as without "
            + "--trace-rules")
      }
    }
    for name in tracer.backend == .netfilter ? node.namespacesWithUntrackedIPVS() : [] {
      Output.note(
        "note: net.ipv4.vs.conntrack is 0 in \(name): conntrack does not know what IPVS did, and "
          + "connections are told in two, before it and behind it; --backend kprobe joins them")
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
      if now - lastCheck > 200_000_000 || correlator.hasManyEnded {
        lastCheck = now
        try housekeeping()
        pending += correlator.finished(now: Self.now())
      }
      // when telling can't keep up, events are lost, and counted, rather than memory
      await report(upTo: pending.count > Self.pendingLimit ? .max : Self.now() + 5_000_000)
    }
    try poll(milliseconds: 0)
    try housekeeping()
    let end = Self.now()
    // one that had only just begun did not fail
    pending += correlator.drain().filter {
      $0.state != .noAnswer || !$0.drops.isEmpty || $0.start + 100_000_000 < end
    }
    await report(upTo: .max)
    let record = summary.record(
      duration: Self.now() - begin, eventsLost: tracer.eventsLost,
      truncated: tracer.truncatedPackets)
    recorder?.end(record)
    if correlator.toldEarly > 0 {
      Output.note(
        "note: \(correlator.toldEarly) connections were told before their end: there were more than "
          + "--memory \(command.memory) holds")
    }
    if let overruns = ruleTracer?.overruns, overruns > 0 {
      Output.note(
        "note: the kernel's rule trace came faster than it could be read; select less for "
          + "--trace-rules to make every rule certain")
    }
    if command.json || command.record == "-" {
      lines.removeAll()
      lines.append(record)
      if command.json { _ = Output.result(lines.bytes) }
      Output.remark(SummaryText(style: Style(isColoured: false)).render(record))
    } else {
      _ = Output.result((isInBlock ? "" : "\n") + SummaryText(style: style).render(record))
    }
    if recorder?.hasFailed == true { return RecordingError.Kind.io.rawValue }
    return summary.failures > 0 ? 1 : 0
  }

  private mutating func poll(milliseconds: Int32) throws(TracingError) {
    for (netns, interfaces) in try tracer.followDevices() {
      node.learn(interfaces, in: netns)
    }
    let tracer = tracer
    try tracer.pollPayloads(milliseconds: milliseconds) { event, payload in
      correlator.ingest(event, payload: payload)
      recorder?.append(event, on: node)
    }
    if recorder?.flush() == false { isReaderGone = true }
    try ruleTracer?.poll()
  }

  private mutating func housekeeping() throws(TracingError) {
    try tracer.releaseNamespaces()
    ruleTracer?.releaseNamespaces()
    node.releaseNamespaces()
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
      let record = FlowRecord(flow, explanation, on: node)
      summary.add(record)
      recorder?.append(record)
      guard explanation?.isFailure ?? false || !command.dropsOnly else { continue }
      shown += 1
      if !show(record) {
        isReaderGone = true
        return
      }
    }
  }

  /// False when nobody reads it any more.
  private mutating func show(_ flow: FlowRecord) -> Bool {
    if command.record == "-" { return true }
    if command.json {
      lines.removeAll()
      lines.append(flow)
      return Output.result(lines.bytes)
    }
    let text = flowText.render(flow)
    isInBlock = text.hasSuffix("\n\n")
    return Output.result(text)
  }

  /// Of CLOCK_BOOTTIME unless another is named, ns.
  static func now(_ clock: clockid_t = CLOCK_BOOTTIME) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
