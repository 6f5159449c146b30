import ArgumentParser
import Diagnosis
import FlowModel
import FoundationEssentials
import KernelTracing
import Recording

/// Options that select among recorded connections.
struct FlowFilter: ParsableArguments {
  /// Those of one node, and the one that a merge finds.
  static let knownCauses = Diagnoser.causes.map(\.name) + ["lost-between-nodes"]

  /// Whether a connection is wanted; the header is that of its recording.
  typealias Test = (FlowRecord, HeaderRecord?) -> Bool

  @Option(help: "Service as IP[:PORT][/PROTO] or [NAMESPACE/]NAME; repeatable.")
  var svc: [String] = []

  @Option(
    help: "Only connections that failed of this cause; repeatable.", completion: .causes)
  var cause: [String] = []

  @Option(
    help: "From this time on: 30s, 5m after the beginning, or 2026-01-31T12:00:00Z.")
  var from: String?

  @Option(help: "Up to this time, written in the same ways.")
  var to: String?

  /// Whether it leaves anything out.
  var isSet: Bool { !svc.isEmpty || !cause.isEmpty || from != nil || to != nil }

  /// Throws the line that says which option is wrong.
  func test() throws(TracingError) -> Test {
    var targets: [ServiceTarget] = []
    for text in svc { targets.append(try ServiceTarget(text)) }
    let known = Self.knownCauses
    for text in cause where !known.contains(text) {
      throw TracingError(
        .usage, "--cause \(text): is no cause; there are \(known.joined(separator: ", "))")
    }
    let begin = try from.map { text throws(TracingError) in try Moment(text, option: "--from") }
    let end = try to.map { text throws(TracingError) in try Moment(text, option: "--to") }
    let causes = Set(cause)
    return { flow, header in
      if !targets.isEmpty, !targets.contains(where: { $0.selects(flow) }) { return false }
      if !causes.isEmpty, !causes.contains(flow.diagnosis?.cause ?? "") { return false }
      if let begin, !begin.isReached(flow.end, header) { return false }
      if let end, end.isReached(flow.start, header) { return false }
      return true
    }
  }
}

/// A time in a recording.
private enum Moment {
  /// ns since its beginning.
  case after(UInt64)
  /// ns since 1970.
  case wallClock(UInt64)

  init(_ text: String, option: String) throws(TracingError) {
    if text == "0" || text == "0s" {
      self = .after(0)
    } else if text.contains("T") {
      guard let date = try? Date(text, strategy: .iso8601), date.timeIntervalSince1970 >= 0 else {
        throw TracingError(
          .usage, "\(option) \(text): write a time such as 30s, 5m or 2026-01-31T12:00:00Z")
      }
      self = .wallClock(UInt64(date.timeIntervalSince1970 * 1e9))
    } else {
      self = .after(try UInt64(duration: text, option: option))
    }
  }

  /// Whether an instant (CLOCK_BOOTTIME, ns) is at it or later; without a header all are.
  func isReached(_ time: UInt64, _ header: HeaderRecord?) -> Bool {
    guard let clock = header?.clock else { return true }
    switch self {
    case .after(let ns): return time >= clock.boottime + ns
    case .wallClock(let ns):
      return Int128(time) - Int128(clock.boottime) + Int128(clock.realtime) >= Int128(ns)
    }
  }
}

extension ServiceTarget {
  /// Whether a connection was to it, by the address its client called, its endpoint or its name.
  fileprivate func selects(_ flow: FlowRecord) -> Bool {
    switch self {
    case .name(let namespace, let name):
      flow.service.map { $0.name == name && (namespace == nil || $0.namespace == namespace) }
        ?? false
    case .address(let target):
      ([flow.destination] + flow.attempts).contains {
        $0.endpoint.address == target.address
          && (target.port == nil || $0.endpoint.port == target.port)
      } && (target.proto == nil || IPProtocol(name: flow.transport) == target.proto)
    }
  }
}
