import CEvent
import FlowFixtures
import FlowModel
import Merging
import Recording

/// Records as a ring buffer would hand them over: many connections at once, each like those of a
/// pattern, told in turn, at a pace of synthetic time.
struct Stream {
  /// Connections under way at a time.
  private static let lanes = 64

  private let pattern: [kft_event]
  private let fixed: [Address]
  /// ns between two events.
  private let pace: UInt64
  private var time: UInt64 = 1_000_000_000
  private var next = 0
  private var cursors: [(connection: Int, event: Int)] = []
  private var lane = 0
  /// A packet's sightings come one after the other.
  private let burst = 6

  /// Connections begun.
  var connections: Int { next }
  /// CLOCK_BOOTTIME, ns, of the last event.
  var now: UInt64 { time }

  /// `fixed`: addresses that all connections share.
  init(_ pattern: [Event], pace: UInt64, fixed: [Address] = []) {
    self.fixed = fixed
    self.pattern = pattern.map(kft_event.init)
    self.pace = pace
  }

  /// The Service's, and its endpoint's.
  static var servers: [Address] {
    let flow = SampleFlow()
    return [flow.service.address, flow.server.address]
  }

  /// A handshake, a question, an answer, a close, through a Service's NAT.
  static var conversation: [Event] {
    var flow = SampleFlow()
    flow.conversation()
    return flow.events
  }

  /// A first packet that gets no answer.
  static var syn: [Event] {
    var flow = SampleFlow()
    flow.delivered(0, .syn)
    return flow.events
  }

  /// The events of a recording, and the names in it.
  static func recorded(_ path: String) throws -> (events: [Event], node: MergedNames) {
    let reader = try RecordingReader(path: path, events: true)
    let names = MergedNames(labels: ["node"])
    var events: [Event] = []
    while let line = try reader.next() {
      guard case .event(let record) = line.record,
        let event = Event(record, of: 0, time: record.time, names)
      else { continue }
      events.append(event)
    }
    return (events, names)
  }

  /// Replaces what is in `records` with the next ones.
  mutating func fill(_ records: inout [kft_event]) {
    if cursors.isEmpty { cursors = (0..<Self.lanes).map { _ in begin() } }
    for i in records.indices {
      if i % burst == 0 { lane = (lane + 1) % Self.lanes }
      let cursor = cursors[lane]
      time += pace
      var record = pattern[cursor.event].ofConnection(cursor.connection, fixed)
      record.time_ns = time
      records[i] = record
      cursors[lane].event += 1
      if cursors[lane].event == pattern.count { cursors[lane] = begin() }
    }
  }

  private mutating func begin() -> (connection: Int, event: Int) {
    defer { next += 1 }
    return (next, 0)
  }
}
