import CEvent
import Diagnosis
import FlowCorrelation
import FlowModel
import Glibc
import KernelTracing
import Recording

/// All that is behind the ring buffer, in one thread, as a trace does it.
@safe struct Pipeline {
  /// How far events go.
  enum End: String {
    case decode, correlator, json
  }

  private let end: End
  private let node: any NodeView
  private var correlator: FlowCorrelator
  private var lines = RecordLines()
  private var summary = Summary()
  private var lastCheck: UInt64 = 0
  private(set) var flows = 0
  private(set) var bytes = 0
  /// Connections told before their end, to make room.
  var toldEarly: Int { correlator.toldEarly }
  /// Where the JSON goes, to be compared.
  var output: UnsafeMutablePointer<FILE>?
  /// Keeps the decoder from being left out.
  private(set) var checksum: UInt64 = 0

  init(to end: End, on node: any NodeView) {
    self.end = end
    self.node = node
    correlator = FlowCorrelator(isHarmless: { HarmlessDrops.contains($0, on: node) })
  }

  /// Takes records; ns of processor time it took.
  mutating func take(_ records: [kft_event]) -> UInt64 {
    let begin = Self.processorTime
    unsafe records.withUnsafeBytes { raw in
      let size = MemoryLayout<kft_event>.size
      for i in records.indices {
        let record = unsafe UnsafeRawBufferPointer(rebasing: raw[i * size..<(i + 1) * size])
        guard let event = unsafe Event(record: record) else { continue }
        if end == .decode {
          checksum &+= event.tuple.source.address.low ^ event.time
          continue
        }
        correlator.ingest(event)
        if event.time > lastCheck + 200_000_000 || correlator.hasManyEnded {
          lastCheck = event.time
          tell(correlator.finished(now: event.time))
        }
      }
    }
    return Self.processorTime - begin
  }

  /// The rest; ns of processor time.
  mutating func drain() -> UInt64 {
    let begin = Self.processorTime
    tell(correlator.drain())
    return Self.processorTime - begin
  }

  private mutating func tell(_ finished: [Flow]) {
    flows += finished.count
    guard end == .json else { return }
    for flow in finished {
      let record = FlowRecord(flow, Diagnoser.explain(flow, on: node), on: node)
      summary.add(record)
      lines.removeAll()
      lines.append(record)
      bytes += lines.bytes.count
      if let output = unsafe output { unsafe fwrite(lines.bytes, 1, lines.bytes.count, output) }
    }
  }

  private static var processorTime: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
