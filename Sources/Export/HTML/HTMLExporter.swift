internal import Diagnosis
public import Recording

/// One HTML page that shows a recording: all that it needs is in it, and it loads nothing.
///
/// What connections have in common is written once, a way that packets went as well as an explanation;
/// 10,000 connections take a few megabytes.
public struct HTMLExporter: Exporter {
  /// Pages with more are no pleasure; what is left out is counted in the summary all the same.
  private static let limit = 50_000

  public static var usesEvents: Bool { false }

  private var traces: [PageTrace] = []
  private var tables = PageTables()
  private var flows: [[UInt8]] = []
  private var places: [FlowIdentity: Int] = [:]
  private var summary = Summary()

  public init() {}

  public mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8] {
    switch record {
    case .flow(let flow): add(flow, header)
    case .summary(let record):
      let trace = trace(of: header)
      traces[trace].end(record)
    case .header: _ = trace(of: header)
    case .event: break
    }
    return []
  }

  /// Files that one trace was written to have equal headers.
  private mutating func trace(of header: HeaderRecord?) -> Int {
    if let known = traces.lastIndex(where: { $0.header == header }) { return known }
    traces.append(PageTrace(header: header))
    return traces.count - 1
  }

  private mutating func add(_ flow: FlowRecord, _ header: HeaderRecord?) {
    let trace = trace(of: header)
    traces[trace].add(flow)
    var counted = flow
    counted.id = Self.id(flow, in: trace)
    summary.add(counted)

    let identity = FlowIdentity(flow, header)
    if let place = places[identity] {
      // it was told before it was answered
      flows[place] = tables.json(of: flow, in: trace, from: traces[trace].begin)
    } else if flows.count < Self.limit {
      places[identity] = flows.count
      flows.append(tables.json(of: flow, in: trace, from: traces[trace].begin))
    }
  }

  public mutating func takeBack(_ flow: FlowRecord, _ header: HeaderRecord?) {
    guard let place = places.removeValue(forKey: FlowIdentity(flow, header)) else { return }
    flows[place] = []
    summary.takeBack(id: Self.id(flow, in: trace(of: header)))
  }

  /// Ids are unique in their trace only.
  private static func id(_ flow: FlowRecord, in trace: Int) -> UInt64 {
    flow.id | UInt64(trace) << 48
  }

  public mutating func end() -> [UInt8] {
    let sums = summary.record(
      duration: traces.reduce(0) { $0 &+ $1.duration },
      eventsLost: traces.reduce(0) { $0 &+ $1.eventsLost },
      truncated: traces.reduce(0) { $0 &+ $1.truncated })
    var page = Array("\(EmbeddedPage.before)".utf8)
    Self.append(tables.json(traces, sums), to: &page)
    // the object's last member
    page.removeLast()
    page += ",\"flows\":[".utf8
    for (i, flow) in flows.filter({ !$0.isEmpty }).enumerated() {
      page += (i == 0 ? "\n" : ",\n").utf8
      Self.append(flow, to: &page)
    }
    page += "\n]}".utf8
    page += "\(EmbeddedPage.after)".utf8
    return page
  }

  /// JSON as the text of a script element: `<`, `>` and `&`, which are in strings only, escaped, so that
  /// nothing in it ends the element or begins another one. Line separators were escaped already.
  private static func append(_ json: [UInt8], to page: inout [UInt8]) {
    for byte in json {
      switch byte {
      case UInt8(ascii: "<"): page += "\\u003c".utf8
      case UInt8(ascii: ">"): page += "\\u003e".utf8
      case UInt8(ascii: "&"): page += "\\u0026".utf8
      default: page.append(byte)
      }
    }
  }
}
