import ArgumentParser
import Diagnosis
import Export
import FlowModel
import Glibc
import KernelTracing
import Privileges
import Recording

/// `kflowtrace export`: a recording in a format of other programs.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Turn a recording into another format.",
    discussion: """
      FORMATS
        pcapng    packets for Wireshark: what was seen at devices, as NAT left it, and where it was
                  dropped, each with a comment; payload and TCP options are not in a recording
        perfetto  Chrome's trace events for ui.perfetto.dev: a track a connection, its hops in time
        hubble    Hubble's flow JSON, a line a packet of a connection's timeline
        html      one page for a browser: all connections, and how each of them went
        otlp      OpenTelemetry traces for a collector, one a connection; a document a line, one
                  line unless they are many

      A connection that was told twice is exported as it was told last. A recording is read twice for \
      that, so it must be a file. Options that select connections select packets with them.

      EXAMPLES
        kflowtrace export --format html web.json -o web.html
        kflowtrace export --format pcapng web.json -o web.pcapng
        kflowtrace export --format perfetto web.json.gz -o web.trace.json
        kflowtrace export --format hubble --drops-only web.json | hubble observe --input-file -
        kflowtrace export --format otlp web.json |
          curl -H 'Content-Type: application/json' --data-binary @- http://localhost:4318/v1/traces

      EXIT CODE
        0   done
        64  wrong usage
        65  a file is damaged or none of ours: what could be read was exported
        66  a file can't be opened
        73  the output can't be created
        74  it can't be written to its end
      """)

  @Argument(help: "Recordings, in order.", completion: .file())
  var files: [String]

  @Option(
    help: "\(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
    completion: .formats)
  var format: String

  @Option(name: .shortAndLong, help: "Where to; - is stdout.", completion: .file())
  var output = "-"

  @Flag(help: "Replace the file that --output names.")
  var force = false

  @OptionGroup var filter: FlowFilter

  @Flag(help: "Failed connections only.")
  var dropsOnly = false

  func run() async throws {
    throw await ExitCode { () throws(TracingError) in try export() }
  }

  private func export() throws(TracingError) -> Int32 {
    guard let format = ExportFormat(rawValue: format) else {
      let known = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw TracingError(.usage, "--format \(format): choose one of \(known)")
    }
    var exporter = format.exporter(isFiltered: filter.isSet || dropsOnly)
    var retold = Retold()
    let wanted = try filter.test()
    if type(of: exporter).readsTwice {
      for path in files where path == "-" || Self.isPipe(path) {
        throw TracingError(
          .usage, "--format \(format.rawValue) reads the recording twice; \(path) gives it once")
      }
      for path in files {
        var recording = RecordingFiles(path: path, events: false, isQuiet: true)
        try recording.read { record, _, header in
          if case .flow(let flow) = record {
            retold.learn(flow, header)
            exporter.learn(flow, header, isWanted: isWanted(flow, header, wanted))
          }
          return !Interruption.isAsked
        }
      }
    }
    if output == "-", format.isBinary, isatty(1) == 1 {
      throw TracingError(
        .usage, "--format \(format.rawValue) is no text; name a file with --output, or a pipe")
    }
    let writer: RecordingWriter
    let raised = Privilege.raise(.files)
    do throws(RecordingError) {
      defer { raised.end() }
      writer = try RecordingWriter(path: output, isForced: force)
    } catch {
      throw TracingError(error)
    }
    var isDamaged = false
    var failure: RecordingError?
    func write(_ bytes: [UInt8]) -> Bool {
      do throws(RecordingError) {
        if !bytes.isEmpty { try writer.write(bytes) }
        return true
      } catch {
        failure = error
        return false
      }
    }
    Interruption.watch()
    for path in files where failure == nil {
      var recording = RecordingFiles(path: path, events: type(of: exporter).usesEvents)
      try recording.read { record, _, header in
        if case .flow(let flow) = record {
          if retold.takesBack(flow, header) { return true }
          if !isWanted(flow, header, wanted) {
            exporter.takeBack(flow, header)
            return true
          }
        }
        return write(exporter.add(record, header)) && !Interruption.isAsked
      }
      isDamaged = isDamaged || recording.isDamaged
    }
    if failure == nil { _ = write(exporter.end()) }
    do throws(RecordingError) {
      try writer.finish()
    } catch {
      failure = failure ?? error
    }
    // a reader that has seen enough is no fault
    if let failure, output != "-" { throw TracingError(failure) }
    return isDamaged ? RecordingError.Kind.data.rawValue : 0
  }

  /// Whether what was read of it is gone.
  private static func isPipe(_ path: String) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  private func isWanted(
    _ flow: FlowRecord, _ header: HeaderRecord?, _ wanted: FlowFilter.Test
  ) -> Bool {
    wanted(flow, header) && (flow.diagnosis?.isFailure ?? false || !dropsOnly)
  }
}
