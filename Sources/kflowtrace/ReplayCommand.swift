import ArgumentParser
import KernelTracing
import Recording

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

  @Argument(help: "Recordings, in order.", completion: .file())
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
  private var output: FlowOutput
  private var told: (duration: UInt64, lost: UInt64, truncated: UInt64) = (0, 0, 0)

  init(_ command: ReplayCommand) throws(TracingError) {
    self.command = command
    wanted = try command.filter.test()
    output = FlowOutput(
      isJSON: command.json, dropsOnly: command.dropsOnly, verbosity: command.verbose)
  }

  mutating func run() throws(TracingError) -> Int32 {
    Interruption.watch()
    var isDamaged = false
    for path in command.files where !output.isReaderGone {
      var files = RecordingFiles(path: path, events: false)
      try files.read { record, bytes, header in
        switch record {
        case .flow(let flow): if wanted(flow, header) { output.tell(flow, line: bytes) }
        case .summary(let record):
          told.duration &+= record.duration
          told.lost &+= record.eventsLost
          told.truncated &+= record.truncated
        default: break
        }
        return !output.isReaderGone && !Interruption.isAsked
      }
      isDamaged = isDamaged || files.isDamaged
    }
    output.finish(duration: told.duration, eventsLost: told.lost, truncated: told.truncated)
    return isDamaged ? RecordingError.Kind.data.rawValue : output.hasFailures ? 1 : 0
  }
}
