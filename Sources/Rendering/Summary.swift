public import Diagnosis
public import FlowModel

/// What a trace adds up to.
public struct Summary: Sendable {
  /// What one flow adds to the sums.
  private struct Share {
    var endpoints: [(endpoint: Endpoint, hasFailed: Bool)] = []
    var cause: String?
    var layer: Layer?
    var packets: Int
    var service: ServiceName?
    var isFailure: Bool
    var dns: DNSTally.Share?

    init(_ flow: Flow, _ explanation: Explanation?, _ service: ServiceName?) {
      self.service = service
      isFailure = explanation?.isFailure ?? false
      dns = flow.dns.isEmpty ? nil : DNSTally.Share(flow)
      cause = explanation?.cause
      layer = explanation?.layer
      packets = flow.dropCount
      let dead = Set(flow.drops.compactMap { $0.drop?.event.tuple.destination })
      for endpoint in Set(flow.attempts) {
        let isLast = endpoint == flow.attempts.last && flow.state != .completed
        let hasFailed = isFailure && (dead.contains(endpoint) || isLast)
        endpoints.append((endpoint, hasFailed))
      }
    }
  }

  private var flows = 0
  private var failed = 0
  private var byEndpoint: [Endpoint: Spread.Count] = [:]
  private var byService: [String: Spread] = [:]
  private var byCause: [String: (layer: Layer, isFailure: Bool, flows: Int, packets: Int)] = [:]
  private var dns = DNSTally()
  /// Of unanswered flows, by id: one that is answered after all is told twice and counts once.
  private var unanswered: [UInt64: Share] = [:]

  public init() {}

  /// Connections that failed, so far.
  public var failures: Int { failed }
  /// All connections so far.
  public var count: Int { flows }

  /// Counts a finished flow to a Service, or to none.
  public mutating func add(
    _ flow: Flow, _ explanation: Explanation?, of service: ServiceName? = nil
  ) {
    if let before = unanswered.removeValue(forKey: flow.id) { count(before, -1) }
    let share = Share(flow, explanation, service)
    // those of long ago will not be told again
    if unanswered.count >= 50_000 { unanswered.removeAll(keepingCapacity: true) }
    if flow.state == .noAnswer { unanswered[flow.id] = share }
    count(share, 1)
  }

  private mutating func count(_ share: Share, _ sign: Int) {
    flows += sign
    if share.isFailure { failed += sign }
    if let lookups = share.dns { dns.count(lookups, sign) }
    for (endpoint, hasFailed) in share.endpoints {
      let change = Spread.Count(flows: sign, failed: hasFailed ? sign : 0)
      byEndpoint[endpoint, default: .init()] += change
      guard let service = share.service else { continue }
      byService[service.fullName, default: Spread(service: service)]
        .endpoints[endpoint, default: .init()] += change
    }
    if let cause = share.cause, let layer = share.layer {
      var entry = byCause[cause] ?? (layer, share.isFailure, 0, 0)
      entry.flows += sign
      entry.packets += sign * share.packets
      byCause[cause] = entry.flows > 0 ? entry : nil
    }
  }

  /// The lines for people; `seconds` is how long the trace took.
  /// `truncated`: packets whose headers were cut short and could not be told.
  public func render(
    style: Style, seconds: Double, eventsLost: UInt64, truncated: UInt64 = 0
  ) -> String {
    var text = style.bold(counted(flows, "connection"))
    text += " in \(Int(seconds * 10) / 10).\(Int(seconds * 10) % 10) s"
    text +=
      failed == 0
      ? flows == 0 ? "" : style.green(", none failed")
      : ", " + style.red("\(failed) failed")
    text += "\n"
    let width = byEndpoint.keys.map { "\($0)".count }.max() ?? 0
    let endpoints = byEndpoint.sorted {
      ($0.key.address, $0.key.port) < ($1.key.address, $1.key.port)
    }
    for (endpoint, count) in endpoints where count.flows > 0 {
      let share = "\(count.flows)".leftPadded(6)
      let bad = count.failed > 0 ? style.red("   \(count.failed) failed") : ""
      text += "  \("\(endpoint)".padded(width))\(share)\(bad)\n"
    }
    for (_, spread) in byService.sorted(by: { $0.key < $1.key }) {
      for line in spread.findings(style) { text += "  \(line)\n" }
    }
    for line in dns.lines(style) { text += "  \(line)\n" }
    for (cause, count) in byCause.sorted(by: { $0.key < $1.key }) {
      let mark = count.isFailure ? style.red("✗ \(cause)") : style.yellow("! \(cause)")
      let packets = count.packets > 0 ? ", \(counted(count.packets, "packet")) dropped" : ""
      text +=
        "  \(mark)  layer \(count.layer.rawValue): "
        + "\(counted(count.flows, "connection"))\(packets)\n"
    }
    if truncated > 0 {
      text +=
        style.yellow("  \(counted(Int(truncated), "packet")) with headers cut short, not traced")
        + "\n"
    }
    text +=
      eventsLost == 0
      ? style.dim("  no events lost") + "\n"
      : style.yellow(
        "  \(counted(Int(eventsLost), "event")) lost: timelines may have gaps; a larger --buffer helps"
      )
        + "\n"
    return text
  }
}

/// `1 packet`, `2 packets`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

extension String {
  /// Spaces before it up to `width` characters.
  func leftPadded(_ width: Int) -> String {
    let missing = width - count
    return missing > 0 ? String(repeating: " ", count: missing) + self : self
  }
}
