public import Diagnosis
public import FlowModel

/// What a trace adds up to.
public struct Summary: Sendable {
  private struct EndpointCount {
    var flows = 0
    var failed = 0
  }

  private var flows = 0
  private var failed = 0
  private var byEndpoint: [Endpoint: EndpointCount] = [:]
  private var byCause: [String: (layer: Layer, flows: Int, packets: Int)] = [:]

  public init() {}

  /// Connections with an explanation, so far.
  public var failures: Int { failed }
  /// All connections so far.
  public var count: Int { flows }

  /// Counts a finished flow.
  public mutating func add(_ flow: Flow, _ explanation: Explanation?) {
    flows += 1
    if explanation != nil { failed += 1 }
    let dead = Set(flow.drops.compactMap { $0.drop?.event.tuple.destination })
    for endpoint in Set(flow.attempts) {
      byEndpoint[endpoint, default: EndpointCount()].flows += 1
      let isLast = endpoint == flow.attempts.last && flow.state != .completed
      if explanation != nil, dead.contains(endpoint) || isLast {
        byEndpoint[endpoint, default: EndpointCount()].failed += 1
      }
    }
    if let explanation {
      var entry = byCause[explanation.cause] ?? (explanation.layer, 0, 0)
      entry.flows += 1
      entry.packets += flow.dropCount
      byCause[explanation.cause] = entry
    }
  }

  /// The lines for people; `seconds` is how long the trace took.
  public func render(style: Style, seconds: Double, eventsLost: UInt64) -> String {
    var text = style.bold("\(flows) connection\(flows == 1 ? "" : "s")")
    text += " in \(Int(seconds * 10) / 10).\(Int(seconds * 10) % 10) s"
    text +=
      failed == 0
      ? flows == 0 ? "" : style.green(", none failed")
      : ", " + style.red("\(failed) failed")
    text += "\n"
    let width = byEndpoint.keys.map { "\($0)".count }.max() ?? 0
    for (endpoint, count) in byEndpoint.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      let share = "\(count.flows)".leftPadded(6)
      let bad = count.failed > 0 ? style.red("   \(count.failed) failed") : ""
      text += "  \("\(endpoint)".padded(width))\(share)\(bad)\n"
    }
    for (cause, count) in byCause.sorted(by: { $0.key < $1.key }) {
      let packets = count.packets > 0 ? ", \(count.packets) packets dropped" : ""
      text +=
        "  \(style.red("✗ \(cause)"))  layer \(count.layer.rawValue): "
        + "\(count.flows) connection\(count.flows == 1 ? "" : "s")\(packets)\n"
    }
    text +=
      eventsLost == 0
      ? style.dim("  no events lost") + "\n"
      : style.yellow(
        "  \(eventsLost) events lost: timelines may have gaps; a larger --buffer helps")
        + "\n"
    return text
  }
}

extension String {
  /// Spaces before it up to `width` characters.
  func leftPadded(_ width: Int) -> String {
    let missing = width - count
    return missing > 0 ? String(repeating: " ", count: missing) + self : self
  }
}
