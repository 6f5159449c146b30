import Diagnosis
import FlowModel
import Glibc
import KernelTracing
import Privileges
import Recording
import ServiceCatalog

/// What `--record` keeps of a trace. When the file can't be written any more, tracing goes on.
struct Recorder {
  private let writer: RecordingWriter
  private var lines = RecordLines()
  private var header: HeaderRecord?
  private(set) var hasFailed = false

  init(_ writer: RecordingWriter) { self.writer = writer }

  /// `selection`: what is traced, for people.
  mutating func begin(
    kernel: String, backend: String, namespaces: [String], selection: String,
    catalog: ServiceCatalog
  ) {
    let header = HeaderRecord(
      version: Kflowtrace.version, node: Self.hostName, kernel: kernel,
      backend: backend, namespaces: namespaces, selection: selection,
      clock: HeaderRecord.Clock(
        boottime: Session.now(), realtime: Session.now(CLOCK_REALTIME)),
      services: catalog.records)
    self.header = header
    lines.append(header)
  }

  private static var hostName: String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&bytes, 255) == 0 else { return "unknown" }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  mutating func append(_ event: Event, on node: any NodeView) {
    if !hasFailed { lines.append(event, on: node) }
  }

  mutating func append(_ flow: FlowRecord) {
    if !hasFailed { lines.append(flow) }
  }

  /// Writes what there is. False when stdout, where it goes, has no reader any more.
  mutating func flush() -> Bool {
    guard !hasFailed, !lines.bytes.isEmpty else { return true }
    do throws(RecordingError) {
      try writer.write(lines.bytes)
      lines.removeAll()
      if writer.isFull, let header {
        let raised = Privilege.raise(.files)
        defer { raised.end() }
        try writer.rotate()
        lines.append(header)
      }
    } catch {
      return failed(error)
    }
    return true
  }

  /// Writes the last line and says where it all is.
  mutating func end(_ summary: SummaryRecord) {
    lines.append(summary)
    guard flush(), !hasFailed else { return }
    do throws(RecordingError) {
      try writer.finish()
    } catch {
      _ = failed(error)
      return
    }
    guard writer.path != "-" else { return }
    Output.note("recorded in " + writer.files.joined(separator: ", "))
  }

  private mutating func failed(_ error: RecordingError) -> Bool {
    hasFailed = true
    lines.removeAll()
    if writer.path == "-" { return false }
    Output.note("kflowtrace: recording stopped: \(error)")
    return true
  }
}

extension TracingError {
  /// The line of a recording's error.
  init(_ error: RecordingError) {
    self.init(.recording(exitCode: error.kind.rawValue), error.message)
  }
}

extension ServiceCatalog {
  /// As a recording's header has them.
  var records: [HeaderRecord.ServiceRecord] {
    services.map { service in
      HeaderRecord.ServiceRecord(
        service: service.fullName, port: service.portName,
        transport: "\(service.proto)".lowercased(), frontends: service.frontends.map(Peer.init),
        nodePort: service.nodePort, endpoints: service.endpoints.map { Peer($0.endpoint) })
    }
  }
}
