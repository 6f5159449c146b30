import ArgumentParser
import Diagnosis
import FlowModel
import Glibc
import KernelTracing
import Recording
import Rendering

/// `kflowtrace replay`: what a recorded trace told, told again.
struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Tell a recorded trace again.",
    discussion: """
      Prints what `kflowtrace --record FILE` printed, or would have with these options. Several files \
      are read one after the other; - is stdin; .gz and .zst are unpacked. Needs no privilege.

      EXAMPLES
        kflowtrace replay web.json.gz                  as it was
        kflowtrace replay web.json --drops-only -v     what failed, in full
        kflowtrace replay web.json --cause policy-drop --json
        kflowtrace replay web.json --from 30s --to 1m  half a minute of it

      EXIT CODE
        0   no failure among the connections told
        1   at least one connection failed
        64  wrong usage
        65  a file is damaged or none of ours: what could be read was told
        66  a file can't be opened
      """)

  @Argument(help: "Recordings, in order.")
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
      var replay = try Replay(self)
      return try replay.run()
    }
  }
}

/// One replay from the first file to the summary.
private struct Replay {
  private let command: ReplayCommand
  private let wanted: FlowFilter.Test
  private let style = Style(isColoured: Output.isColoured)
  private var flowText: FlowText
  private var summary = Summary()
  private var told: (duration: UInt64, lost: UInt64, truncated: UInt64) = (0, 0, 0)
  private var isInBlock = false
  private var isReaderGone = false

  init(_ command: ReplayCommand) throws(TracingError) {
    self.command = command
    wanted = try command.filter.test()
    flowText = FlowText(style: style, verbosity: command.verbose)
  }

  mutating func run() throws(TracingError) -> Int32 {
    Interruption.watch()
    var isDamaged = false
    for path in command.files where !isReaderGone {
      var files = RecordingFiles(path: path, events: false)
      try files.read { record, bytes, header in
        switch record {
        case .flow(let flow): tell(flow, bytes, header)
        case .summary(let record):
          told.duration += record.duration
          told.lost += record.eventsLost
          told.truncated += record.truncated
        default: break
        }
        return !isReaderGone && !Interruption.isAsked
      }
      isDamaged = isDamaged || files.isDamaged
    }
    finish()
    return isDamaged ? RecordingError.Kind.data.rawValue : summary.failures > 0 ? 1 : 0
  }

  private mutating func tell(_ flow: FlowRecord, _ bytes: [UInt8], _ header: HeaderRecord?) {
    guard wanted(flow, header) else { return }
    summary.add(flow)
    guard flow.diagnosis?.isFailure ?? false || !command.dropsOnly else { return }
    if command.json {
      isReaderGone = !Output.result(bytes)
    } else {
      let text = flowText.render(flow)
      isInBlock = text.hasSuffix("\n\n")
      isReaderGone = !Output.result(text)
    }
  }

  private func finish() {
    let record = summary.record(
      duration: told.duration, eventsLost: told.lost, truncated: told.truncated)
    if command.json {
      var lines = RecordLines()
      lines.append(record)
      _ = Output.result(lines.bytes)
      Output.note(SummaryText(style: Style(isColoured: false)).render(record))
    } else {
      _ = Output.result((isInBlock ? "" : "\n") + SummaryText(style: style).render(record))
    }
  }
}
