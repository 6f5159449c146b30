import CEvent
import Diagnosis
import FlowFixtures
import FlowModel
import Glibc

/// What streambench measures; each prints one line.
enum Measurement {
  /// Records made at a time: that is not measured.
  private static let batch = 60_000

  static func rate(
    to end: Pipeline.End, events wanted: Int, recording: String?, output: String?
  ) throws {
    var pattern = Stream.conversation
    var node: any NodeView = SampleNode()
    if let recording { (pattern, node) = try Stream.recorded(recording) }
    var stream = Stream(pattern, pace: 1000)
    var pipeline = Pipeline(to: end, on: node)
    if let output { unsafe pipeline.output = unsafe fopen(output, "w") }
    defer { if let file = unsafe pipeline.output { unsafe fclose(file) } }
    var records = [kft_event](repeating: kft_event(), count: batch)
    var (events, time): (Int, UInt64) = (0, 0)
    while events < wanted {
      stream.fill(&records)
      time += pipeline.take(records)
      events += records.count
    }
    time += pipeline.drain()
    let rate = Double(events) / (Double(time) / 1e9)
    print(
      "{\"events\":\(events),\"flows\":\(pipeline.flows),\"bytes\":\(pipeline.bytes),"
        + "\"seconds\":\(Double(time) / 1e9),\"eventsPerSecond\":\(Int(rate)),"
        + "\"checksum\":\(pipeline.checksum)}")
  }

  static func memory(flows: Int, open: Bool) {
    // those that have just begun all wait at once
    var stream = Stream(
      open ? Stream.syn : Stream.conversation, pace: open ? 100 : 1000, fixed: Stream.servers)
    var pipeline = Pipeline(to: .json, on: SampleNode())
    var records = [kft_event](repeating: kft_event(), count: batch)
    stream.fill(&records)
    let before = residentBytes
    while stream.connections < flows {
      _ = pipeline.take(records)
      stream.fill(&records)
    }
    let after = residentBytes
    print(
      "{\"connections\":\(stream.connections),\"told\":\(pipeline.flows),\"before\":\(before),"
        + "\"early\":\(pipeline.toldEarly),\"after\":\(after),\"peak\":\(peakBytes)}")
  }

  static func steady(seconds: Int, real: Bool) {
    let rate = 20_000
    var stream = Stream(
      Stream.conversation, pace: UInt64(1_000_000_000 / rate), fixed: Stream.servers)
    var pipeline = Pipeline(to: .json, on: SampleNode())
    var records = [kft_event](repeating: kft_event(), count: rate / 10)
    var early = 0
    for tenth in 0..<seconds * 10 {
      stream.fill(&records)
      let time = pipeline.take(records)
      if real, time < 100_000_000 { usleep(UInt32((100_000_000 - time) / 1000)) }
      if tenth == seconds * 5 { early = residentBytes }
    }
    print(
      "{\"seconds\":\(seconds),\"connections\":\(stream.connections),\"told\":\(pipeline.flows),"
        + "\"early\":\(early),\"end\":\(residentBytes)}")
  }

  private static var residentBytes: Int { status("VmRSS:") }
  private static var peakBytes: Int { status("VmHWM:") }

  /// A size in /proc/self/status.
  private static func status(_ name: String) -> Int {
    guard let file = unsafe fopen("/proc/self/status", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, 256, file) != nil {
      let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.hasPrefix(name) else { continue }
      return (Int(text.dropFirst(name.count).filter(\.isNumber)) ?? 0) * 1024
    }
    return 0
  }
}
