internal import Diagnosis
internal import FlowModel
public import Recording

/// Chrome's trace-event JSON, which ui.perfetto.dev opens: a process a Service, a thread a connection,
/// slices for its packets and in them for their hops, instants for drops.
///
/// Slices of a thread nest or do not touch, so packets that were under way at the same time have further
/// threads. Times are µs since boot of the first node, a number that has room for its nanoseconds.
public struct PerfettoExporter: Exporter {
  public static var readsTwice: Bool { true }
  public static var usesEvents: Bool { false }

  private var json = JSONWriter()
  private var hasBegun = false
  private var isFirst = true
  private var processes: [String: Int] = [:]
  /// Numbers for processes and threads alike.
  private var numbers = 0
  /// All times are told on this clock.
  private var reference: HeaderRecord.Clock?

  public init() {}

  public mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8] {
    var text = begin(header)
    if case .flow(let flow) = record { add(flow, header) }
    text += json.bytes
    json.removeAll()
    return text
  }

  public mutating func end() -> [UInt8] { begin(nil) + Array("\n]}\n".utf8) }

  private mutating func begin(_ header: HeaderRecord?) -> [UInt8] {
    guard !hasBegun else { return [] }
    hasBegun = true
    reference = header?.clock
    var head = JSONWriter()
    head.object {
      $0.member("displayTimeUnit", "ns")
      $0.key("otherData")
      $0.object {
        $0.member("node", header?.node)
        $0.member("kernel", header?.kernel)
        $0.member("version", header.map { "kflowtrace \($0.version)" })
        $0.member("selection", header?.selection)
        $0.member("boottime_ns", header.map { "\($0.clock.boottime)" })
        $0.member("realtime_ns", header.map { "\($0.clock.realtime)" })
      }
      $0.key("traceEvents")
      $0.array([] as [Int]) { _, _ in }
    }
    // the array stays open
    return head.bytes.dropLast(2) + Array("\n".utf8)
  }

  // MARK: - Events

  private mutating func event(_ body: (inout JSONWriter) -> Void) {
    if !isFirst { json.separateLine() }
    isFirst = false
    json.object(body)
  }

  private mutating func number() -> Int {
    numbers += 1
    return numbers
  }

  private mutating func process(of flow: FlowRecord) -> Int {
    let name = flow.target
    if let known = processes[name] { return known }
    let pid = number()
    processes[name] = pid
    event {
      $0.member("name", "process_name")
      $0.member("ph", "M")
      $0.member("pid", pid)
      $0.key("args")
      $0.object { $0.member("name", name) }
    }
    return pid
  }

  private mutating func thread(_ name: String, _ pid: Int) -> Int {
    let tid = number()
    event {
      $0.member("name", "thread_name")
      $0.member("ph", "M")
      $0.member("pid", pid)
      $0.member("tid", tid)
      $0.key("args")
      $0.object { $0.member("name", name) }
    }
    event {
      $0.member("name", "thread_sort_index")
      $0.member("ph", "M")
      $0.member("pid", pid)
      $0.member("tid", tid)
      $0.key("args")
      $0.object { $0.member("sort_index", tid) }
    }
    return tid
  }

  /// Where a flow's events go, and when it began.
  private struct Track {
    var pid: Int
    var tid: Int
    /// ns.
    var start: Int64
  }

  /// `from` and `to`: ns since the flow began.
  private mutating func slice(
    _ name: String, _ category: String, _ track: Track, from: UInt64, to: UInt64,
    _ arguments: (inout JSONWriter) -> Void
  ) {
    event {
      $0.member("name", name)
      $0.member("cat", category)
      $0.member("ph", "X")
      $0.key("ts")
      $0.value(thousandths: track.start &+ Int64(clamping: from))
      $0.key("dur")
      $0.value(thousandths: Int64(clamping: to - from))
      $0.member("pid", track.pid)
      $0.member("tid", track.tid)
      $0.key("args")
      $0.object(arguments)
    }
  }

  private mutating func add(_ flow: FlowRecord, _ header: HeaderRecord?) {
    let pid = process(of: flow)
    let cause = flow.diagnosis.map { "  \($0.isFailure ? "✗" : "!") \($0.cause)" } ?? ""
    let name = "\(flow.id) \(flow.title)\(cause)"
    var tracks = [Track(pid: pid, tid: thread(name, pid), start: start(of: flow, header))]
    let packets = flow.timeline.map { ($0, $0.ordered) }.filter { !$0.1.isEmpty }
      .sorted { $0.1[0].time < $1.1[0].time }
    let last = packets.compactMap { $0.1.last?.time }.max() ?? 0
    let duration = max(last, flow.end > flow.start ? flow.end - flow.start : 0)
    slice(flow.title, "connection", tracks[0], from: 0, to: duration) {
      Self.arguments(of: flow, &$0)
    }
    /// When each track is free.
    var free: [UInt64] = [0]
    for (packet, hops) in packets {
      let from = hops[0].time
      let to = hops[hops.count - 1].time
      var lane = free.firstIndex { $0 <= from }
      if lane == nil {
        lane = free.count
        free.append(0)
        tracks.append(
          Track(pid: pid, tid: thread("\(name)  (\(free.count))", pid), start: tracks[0].start))
      }
      guard let lane else { continue }
      free[lane] = to
      add(packet, hops, tracks[lane])
    }
  }

  private mutating func add(
    _ packet: FlowRecord.PacketRecord, _ hops: [FlowRecord.HopRecord], _ track: Track
  ) {
    slice(
      packet.title, "packet", track, from: hops[0].time, to: hops[hops.count - 1].time
    ) {
      $0.member("direction", packet.direction.rawValue)
      $0.member("flags", packet.flags)
      $0.member("payload", packet.payload)
      if packet.repeats > 0 { $0.member("repeats", packet.repeats) }
    }
    for (i, hop) in hops.enumerated() {
      let next = i + 1 < hops.count ? hops[i + 1].time : hop.time
      slice("\(hop.place) \(hop.title)", "hop", track, from: hop.time, to: next) {
        Self.arguments(of: hop, &$0)
      }
      if hop.action == .dropped { drop(hop, track) }
    }
  }

  private mutating func drop(_ hop: FlowRecord.HopRecord, _ track: Track) {
    event {
      $0.member("name", "✗ \(hop.title)")
      $0.member("cat", "drop")
      $0.member("ph", "i")
      $0.member("s", "t")
      $0.key("ts")
      $0.value(thousandths: track.start &+ Int64(clamping: hop.time))
      $0.member("pid", track.pid)
      $0.member("tid", track.tid)
      $0.key("args")
      $0.object { Self.arguments(of: hop, &$0) }
    }
  }

  /// On the first header's clock, so that nodes can be looked at together.
  private func start(of flow: FlowRecord, _ header: HeaderRecord?) -> Int64 {
    guard let reference, let clock = header?.clock else { return Int64(clamping: flow.start) }
    let shift =
      Int128(clock.realtime) - Int128(clock.boottime)
      - (Int128(reference.realtime) - Int128(reference.boottime))
    return Int64(clamping: Int128(flow.start) + shift)
  }

  // MARK: - Arguments

  private static func arguments(of flow: FlowRecord, _ json: inout JSONWriter) {
    json.member("flow", "\(flow.original)")
    json.member("translated", flow.translated.map { "\($0)" })
    json.member("state", flow.state.rawValue)
    json.member("packets", "\(flow.packets.original)+\(flow.packets.reply)")
    json.member("bytes", "\(flow.bytes.original)+\(flow.bytes.reply)")
    if flow.retransmissions > 0 { json.member("retransmissions", flow.retransmissions) }
    if flow.dropCount > 0 { json.member("dropped", flow.dropCount) }
    if flow.mayMissEvents { json.member("mayMissEvents", true) }
    if let dns = flow.dns { json.member("dns", dns.map(\.title)) }
    guard let diagnosis = flow.diagnosis else { return }
    json.member("cause", diagnosis.cause)
    json.member("layer", diagnosis.layer.rawValue)
    json.member("certainty", diagnosis.certainty.rawValue)
    json.member("why", diagnosis.why)
    json.member("rule", diagnosis.rule?.text)
    json.member("fix", diagnosis.fix)
  }

  private static func arguments(of hop: FlowRecord.HopRecord, _ json: inout JSONWriter) {
    json.member("tuple", "\(hop.tuple)")
    json.member("netns", hop.netns)
    json.member("hook", hop.hook)
    json.member("netfilterHook", hop.netfilterHook)
    json.member("interface", hop.interface)
    json.member("outInterface", hop.outInterface)
    json.member("action", hop.action.rawValue)
    json.member("to", hop.to.map { "\($0)" })
    json.member("outer", hop.outer.map { "\($0)" })
    json.member("vni", hop.vni)
    json.member("length", hop.length)
    json.member("reason", hop.reason)
    json.member("location", hop.location)
  }
}
