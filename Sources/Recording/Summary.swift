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

    init(_ flow: FlowRecord) {
      service = flow.service
      cause = flow.diagnosis?.cause
      layer = flow.diagnosis?.layer
      packets = flow.dropCount
      let dead = Set(flow.drops.map(\.tuple.destination))
      for endpoint in Set(flow.attempts) {
        let isLast = endpoint == flow.attempts.last && flow.state != .completed
        let hasFailed = cause != nil && (dead.contains(endpoint) || isLast)
        endpoints.append((endpoint.endpoint, hasFailed))
      }
    }
  }

  private var flows = 0
  private var failed = 0
  private var byEndpoint: [Place: Count] = [:]
  private var services: [String: ServiceName] = [:]
  private var byCause: [String: (layer: Layer, flows: Int, packets: Int)] = [:]
  /// Of unanswered flows, by id: one that is answered after all is told twice and counts once.
  private var unanswered: [UInt64: Share] = [:]

  public init() {}

  /// Connections with an explanation, so far.
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

  private mutating func count(_ share: Share, _ sign: Int) {
    flows += sign
    if share.cause != nil { failed += sign }
    if let service = share.service { services[service.fullName] = service }
    for (endpoint, hasFailed) in share.endpoints {
      byEndpoint[Place(service: share.service?.fullName, endpoint: endpoint), default: Count()] +=
        Count(flows: sign, failed: hasFailed ? sign : 0)
    }
    if let cause = share.cause, let layer = share.layer {
      var entry = byCause[cause] ?? (layer, 0, 0)
      entry.flows += sign
      entry.packets += sign * share.packets
      byCause[cause] = entry.flows > 0 ? entry : nil
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
      causes: byCause.sorted { $0.key < $1.key }.map {
        SummaryRecord.CauseCount(
          cause: $0.key, layer: $0.value.layer, connections: $0.value.flows,
          packets: $0.value.packets)
      })
  }
}
