internal import Diagnosis
internal import FlowModel
internal import Recording

/// What a recording says of a connection, by the tuples it had there.
struct KnownFlow {
  var node: Int
  /// CLOCK_BOOTTIME of its node, ns.
  var start: UInt64
  var end: UInt64
  var service: ServiceName?
  /// Which of the Service's endpoints these are, from 1.
  var endpoints: [Endpoint: Int]
  var diagnosis: Explanation?
}

/// Connections of all recordings.
struct KnownFlows {
  private struct Key: Hashable {
    var proto: IPProtocol
    var source: Endpoint
    var destination: Endpoint
  }

  private struct Drop: Hashable {
    var source: Endpoint
    var destination: Endpoint
    var reason: String
  }

  private var flows: [KnownFlow] = []
  private var byTuple: [Key: [Int]] = [:]
  private var rules: [Drop: RuleFinding] = [:]
  /// What makes a node's times those of the first one.
  var shifts: [Int64] = []

  mutating func add(_ flow: FlowRecord, of node: Int) {
    let proto = IPProtocol(recorded: flow.transport)
    var endpoints: [Endpoint: Int] = [:]
    for hop in flow.timeline.lazy.flatMap(\.hops) {
      if let to = hop.to, let index = hop.endpointIndex { endpoints[to.endpoint] = index }
    }
    let number = flows.count
    flows.append(
      KnownFlow(
        node: node, start: flow.start, end: flow.end, service: flow.service,
        endpoints: endpoints, diagnosis: flow.diagnosis))
    var keys: Set<Key> = [
      Key(proto: proto, source: flow.source.endpoint, destination: flow.destination.endpoint)
    ]
    // as the server's node knows it
    if let reply = flow.reply {
      keys.insert(
        Key(proto: proto, source: reply.destination.endpoint, destination: reply.source.endpoint))
    }
    for attempt in flow.attempts {
      keys.insert(Key(proto: proto, source: flow.source.endpoint, destination: attempt.endpoint))
    }
    for key in keys { byTuple[key, default: []].append(number) }
    for drop in flow.drops {
      guard let rule = drop.rule else { continue }
      let key = Drop(
        source: drop.tuple.source.endpoint, destination: drop.tuple.destination.endpoint,
        reason: drop.reason)
      rules[key] = rule
    }
  }

  /// What the recordings say of a merged connection, in the order of the recordings. Ports are used
  /// again: a second is allowed for what one node saw earlier or later than the other.
  func of(_ flow: Flow) -> [KnownFlow] {
    var keys: Set<Key> = [
      Key(
        proto: flow.proto, source: flow.original.source, destination: flow.original.destination)
    ]
    if let translated = flow.translated {
      keys.insert(
        Key(proto: flow.proto, source: translated.source, destination: translated.destination))
    }
    for attempt in flow.attempts {
      keys.insert(Key(proto: flow.proto, source: flow.original.source, destination: attempt))
    }
    let slack: UInt64 = 1_000_000_000
    return Set(keys.flatMap { byTuple[$0] ?? [] }).sorted().map { flows[$0] }
      .filter { known in
        let shift = shifts.indices.contains(known.node) ? shifts[known.node] : 0
        return known.start.shifted(shift) <= flow.end + slack
          && flow.start <= known.end.shifted(shift) + slack
      }
      .sorted { $0.node < $1.node }
  }

  func rule(of tuple: Tuple, reason: String) -> RuleFinding? {
    rules[Drop(source: tuple.source, destination: tuple.destination, reason: reason)]
  }
}

extension IPProtocol {
  /// As records write it: `tcp`, `proto 99`.
  init(recorded text: String) {
    let number = text.hasPrefix("proto ") ? UInt8(text.dropFirst(6)) : nil
    self = IPProtocol(name: text) ?? IPProtocol(rawValue: number ?? 0)
  }
}

extension UInt64 {
  /// Earlier or later, but not before the beginning.
  func shifted(_ by: Int64) -> UInt64 {
    by < 0 ? self - Swift.min(self, by.magnitude) : self &+ UInt64(by)
  }
}
