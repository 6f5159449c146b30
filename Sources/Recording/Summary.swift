internal import Diagnosis
internal import FlowModel

/// What a trace's flows add up to, as they come.
public struct Summary: Sendable {
  private struct Count {
    var flows = 0
    var failed = 0

    static func += (sum: inout Count, change: Count) {
      sum.flows += change.flows
      sum.failed += change.failed
    }
  }

  /// An endpoint as one of a Service, or of none.
  private struct Place: Hashable {
    var service: String?
    var endpoint: Endpoint
  }

  /// What one flow adds to the sums.
  private struct Share {
    var endpoints: [(endpoint: Endpoint, hasFailed: Bool)] = []
    var cause: String?
    var layer: Layer?
    var packets: Int
    var service: ServiceName?
    var severity: Explanation.Severity?
    var isFailure: Bool
    var dns: DNSTally.Share?

    init(_ flow: FlowRecord) {
      service = flow.service
      severity = flow.diagnosis?.severity
      isFailure = flow.diagnosis?.isFailure ?? false
      dns = flow.dns == nil ? nil : DNSTally.Share(flow)
      cause = flow.diagnosis?.cause
      layer = flow.diagnosis?.layer
      packets = flow.dropCount
      let dead = Set(flow.drops.map(\.tuple.destination))
      for endpoint in Set(flow.attempts) {
        let isLast = endpoint == flow.attempts.last && flow.state != .completed
        let hasFailed = isFailure && (dead.contains(endpoint) || isLast)
        endpoints.append((endpoint.endpoint, hasFailed))
      }
    }
  }

  private var flows = 0
  private var failed = 0
  private var byEndpoint: [Place: Count] = [:]
  private var services: [String: ServiceName] = [:]
  private var byCause: [String: SummaryRecord.CauseCount] = [:]
  private var dns = DNSTally()
  /// Of unanswered flows, by id: one that is answered after all is told twice and counts once.
  private var unanswered: [UInt64: Share] = [:]

  public init() {}

  /// Connections that failed, so far.
  public var failures: Int { failed }

  /// Counts a finished flow.
  public mutating func add(_ flow: FlowRecord) {
    if let before = unanswered.removeValue(forKey: flow.id) { count(before, -1) }
    let share = Share(flow)
    // those of long ago will not be told again
    if unanswered.count >= 50_000 { unanswered.removeAll(keepingCapacity: true) }
    if flow.state == .noAnswer { unanswered[flow.id] = share }
    count(share, 1)
  }

  /// Forgets an unanswered flow that was told again, if what it is now is not wanted.
  public mutating func takeBack(id: UInt64) {
    if let before = unanswered.removeValue(forKey: id) { count(before, -1) }
  }

  private mutating func count(_ share: Share, _ sign: Int) {
    flows += sign
    if share.isFailure { failed += sign }
    if let lookups = share.dns { dns.count(lookups, sign) }
    if let service = share.service { services[service.fullName] = service }
    for (endpoint, hasFailed) in share.endpoints {
      byEndpoint[Place(service: share.service?.fullName, endpoint: endpoint), default: Count()] +=
        Count(flows: sign, failed: hasFailed ? sign : 0)
    }
    if let cause = share.cause, let layer = share.layer {
      var entry =
        byCause[cause]
        ?? SummaryRecord.CauseCount(
          cause: cause, layer: layer, severity: share.severity, connections: 0, packets: 0)
      entry.connections += sign
      entry.packets &+= sign &* share.packets
      byCause[cause] = entry.connections > 0 ? entry : nil
    }
  }

  /// The sums. `duration`: ns of tracing; `truncated`: packets whose headers were cut short and
  /// could not be told.
  public func record(duration: UInt64, eventsLost: UInt64, truncated: UInt64 = 0) -> SummaryRecord {
    let places = byEndpoint.filter { $0.value.flows > 0 }.sorted {
      ($0.key.endpoint.address, $0.key.endpoint.port, $0.key.service ?? "")
        < ($1.key.endpoint.address, $1.key.endpoint.port, $1.key.service ?? "")
    }
    var spreads: [SummaryRecord.Spread] = []
    for (name, service) in services.sorted(by: { $0.key < $1.key }) {
      let endpoints = places.filter { $0.key.service == name }.map {
        SummaryRecord.EndpointCount(
          endpoint: Peer($0.key.endpoint), connections: $0.value.flows, failed: $0.value.failed)
      }
      spreads.append(
        SummaryRecord.Spread(
          service: name, endpointCount: service.endpointCount,
          affinitySeconds: service.affinitySeconds, endpoints: endpoints))
    }
    let others = places.filter { $0.key.service == nil }.map {
      SummaryRecord.EndpointCount(
        endpoint: Peer($0.key.endpoint), connections: $0.value.flows, failed: $0.value.failed)
    }
    return SummaryRecord(
      duration: duration, connections: flows, failed: failed, eventsLost: eventsLost,
      truncated: truncated, services: spreads, endpoints: others,
      causes: byCause.sorted { $0.key < $1.key }.map(\.value), dns: dns.record)
  }
}
