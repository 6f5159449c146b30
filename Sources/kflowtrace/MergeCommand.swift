import ArgumentParser
import FlowModel
import FoundationEssentials
import KernelTracing
import Merging
import Recording
import Rendering

/// `kflowtrace merge`: recordings of several nodes as one.
struct MergeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join recordings of several nodes.",
    discussion: """
      Packets are followed from node to node, through NAT and tunnels, by what neither changes. From \
      packets that both nodes saw, both ways, comes how far their clocks are apart. A packet that one \
      node sent and the other never saw was lost in between. One file a node; record on all of them at \
      the same time, for the same Service:

        node1# kflowtrace --svc default/web --netns all --record node1.json
        node2# kflowtrace --svc default/web --netns all --record node2.json

      EXAMPLES
        kflowtrace merge node1.json node2.json
        kflowtrace merge node1.json node2.json.gz --drops-only -v
        kflowtrace merge node1.json node2.json --json | jq 'select(.diagnosis)'

      EXIT CODE
        As of kflowtrace replay.
      """)

  @Argument(
    help: "Recordings, one a node; times are told on the first one's clock.", completion: .file())
  var files: [String]

  @OptionGroup var filter: FlowFilter

  @Flag(help: "Show failed connections only.")
  var dropsOnly = false

  @Flag(help: "One JSON object a connection, a line each.")
  var json = false

  @Flag(
    name: .shortAndLong,
    help: "Timelines of healthy connections, too; twice: every hop of every packet kept.")
  var verbose: Int

  func run() async throws {
    throw await ExitCode { () throws(TracingError) in
      guard files.count > 1 else {
        throw TracingError(.usage, "merge: name the recordings of two nodes or more")
      }
      guard !files.contains("-") else {
        throw TracingError(.usage, "merge: recordings are read twice; name files, not -")
      }
      var merge = try Merge(self)
      return try merge.run()
    }
  }
}

/// One merge from the first file to the summary.
private struct Merge {
  private let command: MergeCommand
  private let wanted: FlowFilter.Test
  private var merger: Merger
  private var output: FlowOutput
  private var isDamaged = false
  private var header: HeaderRecord?
  private var duration: UInt64 = 0
  private var lost: UInt64 = 0
  private var truncated: UInt64 = 0

  init(_ command: MergeCommand) throws(TracingError) {
    self.command = command
    wanted = try command.filter.test()
    output = FlowOutput(
      isJSON: command.json, dropsOnly: command.dropsOnly, verbosity: command.verbose)
    merger = Merger(labels: try Self.labels(command.files))
  }

  /// The nodes' names, or the files' where nodes share one.
  private static func labels(_ files: [String]) throws(TracingError) -> [String] {
    var labels: [String] = []
    for path in files {
      var name: String?
      var recording = RecordingFiles(path: path, events: false, isQuiet: true)
      try recording.read { record, _, _ in
        if case .header(let header) = record { name = header.node }
        return false
      }
      guard let name else {
        throw TracingError(
          RecordingError(.data, "\(path): no recording: its first line is no header"))
      }
      labels.append(name)
    }
    guard Set(labels).count < labels.count else { return labels }
    return files.map { path in
      let file = path.split(separator: "/").last.map(String.init) ?? path
      return String(file.prefix { $0 != "." })
    }
  }

  mutating func run() throws(TracingError) -> Int32 {
    Interruption.watch()
    for (node, path) in command.files.enumerated() {
      var recording = RecordingFiles(path: path, events: true)
      try recording.read { record, _, _ in
        note(record, isFirst: node == 0)
        merger.learn(record, of: node)
        return !Interruption.isAsked
      }
      isDamaged = isDamaged || recording.isDamaged
    }
    merger.settle()
    announce()
    try follow()
    output.finish(duration: duration, eventsLost: lost, truncated: truncated)
    return isDamaged ? RecordingError.Kind.data.rawValue : output.hasFailures ? 1 : 0
  }

  private mutating func note(_ record: Record, isFirst: Bool) {
    switch record {
    case .header(let header): if isFirst, self.header == nil { self.header = header }
    case .summary(let summary):
      duration = max(duration, summary.duration)
      lost &+= summary.eventsLost
      truncated &+= summary.truncated
    default: break
    }
  }

  /// The clocks, a line each.
  private func announce() {
    let first = merger.nodes[0].label
    for node in merger.nodes.dropFirst() {
      guard let clock = node.clock else {
        Output.note(
          "note: \(node.label) and \(first) saw no packet in common: their wall clocks are taken to "
            + "be the same")
        continue
      }
      let way = clock.offset < 0 ? "behind" : "ahead of"
      let sure = clock.uncertainty.map { "± \(Self.milliseconds($0.magnitude)) ms" }
      Output.note(
        "the clock of \(node.label) is \(Self.milliseconds(clock.offset.magnitude)) ms \(way) that of "
          + "\(first) (\(sure ?? "packets went one way only: at most that"), "
          + "from \(clock.packets) packets both saw)")
    }
  }

  private static func milliseconds(_ ns: UInt64) -> String {
    let micros = (ns + 500) / 1000
    return "\(micros / 1000).\(String(1000 + micros % 1000).dropFirst())"
  }

  /// The events of all files in the order of their times.
  private mutating func follow() throws(TracingError) {
    var readers: [RecordingReader] = []
    for path in command.files {
      do throws(RecordingError) {
        readers.append(try RecordingReader(path: path, events: true))
      } catch {
        throw TracingError(error)
      }
    }
    var heads = readers.map(Self.nextEvent)
    var lastRound: UInt64 = 0
    while !Interruption.isAsked, !output.isReaderGone {
      var next: (node: Int, time: UInt64)?
      for (node, event) in heads.enumerated() {
        guard let event else { continue }
        let time = merger.time(event, of: node)
        if time < next?.time ?? .max { next = (node, time) }
      }
      guard let next, let event = heads[next.node] else { break }
      merger.add(event, of: next.node)
      heads[next.node] = Self.nextEvent(readers[next.node])
      if next.time > lastRound + 200_000_000 {
        lastRound = next.time
        tell(merger.finished(now: next.time))
      }
    }
    tell(merger.finished(now: .max))
  }

  /// What is damaged was told on the first reading.
  private static func nextEvent(_ reader: RecordingReader) -> EventRecord? {
    while true {
      do {
        guard let line = try reader.next() else { return nil }
        if case .event(let event)? = line.record { return event }
      } catch is RecordingReader.Damage {
        continue
      } catch {
        return nil
      }
    }
  }

  private mutating func tell(_ flows: [FlowRecord]) {
    for flow in flows where wanted(flow, header) { output.tell(flow) }
  }
}
