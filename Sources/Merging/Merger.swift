internal import Diagnosis
internal import FlowCorrelation
internal import FlowModel
public import Recording

/// Recordings of several nodes as one: read once to learn their clocks and what each knew, and a second
/// time to follow packets from node to node.
public struct Merger {
  /// A recording and its clock.
  public struct Node: Sendable {
    /// The node's name, or the file's where several nodes have one.
    public var label: String
    /// ns its wall clock is ahead of the first one's; `nil` for the first, and where no packet told.
    public var clock: ClockOffset?
    var header: HeaderRecord?
    var last: UInt64 = 0

    public init(label: String) { self.label = label }
  }

  public private(set) var nodes: [Node]
  private let names: MergedNames
  private var times: [PacketTimes]
  private var addresses: [Address: Int] = [:]
  private var servers: Set<Endpoint> = []
  private var correlator: FlowCorrelator

  /// A name for each recording, in order.
  public init(labels: [String]) {
    nodes = labels.map(Node.init)
    names = MergedNames(labels: labels)
    times = labels.map { _ in PacketTimes() }
    correlator = FlowCorrelator()
  }

  // MARK: - First reading

  /// Takes a record of a recording, by its number from 0.
  public mutating func learn(_ record: Record, of node: Int) {
    switch record {
    case .header(let header):
      if nodes[node].header == nil { nodes[node].header = header }
      for service in header.services { servers.formUnion(service.endpoints.map(\.endpoint)) }
    case .event(let event):
      nodes[node].last = max(nodes[node].last, event.time)
      times[node].add(event, time: wallClock(event.time, of: node))
      guard event.tunnel != nil, let outer = event.outer else { break }
      if event.hook == "tcIngress" { addresses[outer.destination.endpoint.address] = node }
      if event.hook == "tcEgress" { addresses[outer.source.endpoint.address] = node }
    case .flow(let flow): names.flows.add(flow, of: node)
    case .summary(let summary):
      let begin = nodes[node].header?.clock.boottime ?? 0
      nodes[node].last = max(nodes[node].last, begin &+ summary.duration)
    }
  }

  private func wallClock(_ time: UInt64, of node: Int) -> UInt64 {
    guard let clock = nodes[node].header?.clock else { return time }
    return time.shifted(Int64(bitPattern: clock.realtime &- clock.boottime))
  }

  /// Ends the first reading: the clocks are known as well as they will be. Nodes that no packet joins
  /// with the first, nor with one that is joined, are taken to have the same wall clock.
  public mutating func settle() {
    var known: Set<Int> = [0]
    var waiting = [0]
    while let from = waiting.popLast() {
      for to in nodes.indices where !known.contains(to) {
        guard var clock = times[from].offset(of: times[to]) else { continue }
        clock.offset &+= nodes[from].clock?.offset ?? 0
        if let before = nodes[from].clock {
          clock.uncertainty = clock.uncertainty.flatMap { here in
            before.uncertainty.map { here &+ $0 }
          }
        }
        nodes[to].clock = clock
        known.insert(to)
        waiting.append(to)
      }
    }
    times = []
    let origin = wallClock(0, of: 0)
    names.flows.shifts = nodes.indices.map { node in
      Int64(bitPattern: wallClock(0, of: node) &- origin) &- (nodes[node].clock?.offset ?? 0)
    }
    correlator = FlowCorrelator(
      isServer: { [servers] endpoint, _ in servers.contains(endpoint) },
      isHarmless: { [names] in HarmlessDrops.contains($0, on: names) })
  }

  // MARK: - Second reading

  /// An event's time on the first node's CLOCK_BOOTTIME, ns: events of all recordings come in that order.
  public func time(_ event: EventRecord, of node: Int) -> UInt64 {
    event.time.shifted(names.flows.shifts[node])
  }

  /// Takes an event.
  public mutating func add(_ event: EventRecord, of node: Int) {
    let time = time(event, of: node)
    if let event = Event(event, of: node, time: time, names) { correlator.ingest(event) }
  }

  /// Connections that are over at a time; all that there are at `.max`.
  public mutating func finished(now: UInt64) -> [FlowRecord] {
    correlator.finished(now: now).map { flow in
      FlowRecord(flow, explanation(of: flow), on: names)
    }
  }

  /// What the nodes said of it by themselves, unless the other recordings say more.
  private func explanation(of flow: Flow) -> Explanation? {
    let told = names.flows.of(flow).compactMap(\.diagnosis)
    // where the trail ends for one node is not where it ends
    let vague = ["lost-beyond-node", "tunnel-blocked"]
    let firm = told.filter { !vague.contains($0.cause) || $0.certainty == .certain }
    if let best = firm.max(by: { $0.certainty < $1.certainty }) { return best }
    if flow.state == .completed { return nil }
    return LossBetween(flow, nodes, names, addresses)?.explanation ?? told.first
  }
}
