internal import Diagnosis
internal import FlowModel
internal import Recording

/// What is known of the connections that events belong to: why they failed, and whether they are wanted.
struct FlowIndex {
  /// Both directions of a tuple.
  private struct Key: Hashable {
    var clock: HeaderRecord.Clock?
    var proto: IPProtocol
    var one: Endpoint
    var other: Endpoint

    init(_ clock: HeaderRecord.Clock?, _ proto: IPProtocol, _ a: Endpoint, _ b: Endpoint) {
      let isInOrder = (a.address, a.port) < (b.address, b.port)
      self.clock = clock
      self.proto = proto
      one = isInOrder ? a : b
      other = isInOrder ? b : a
    }
  }

  private struct Life {
    var identity: FlowIdentity
    var start: UInt64
    var end: UInt64
  }

  /// Whether only connections that were selected are wanted.
  let isFiltered: Bool
  /// A tuple is used again, so each may have had several.
  private var lives: [Key: [Life]] = [:]
  /// The cause, empty if there is none.
  private var causes: [FlowIdentity: String] = [:]

  init(isFiltered: Bool) { self.isFiltered = isFiltered }

  /// A later record of the same connection replaces an earlier one.
  mutating func learn(_ flow: FlowRecord, _ header: HeaderRecord?, isWanted: Bool) {
    let identity = FlowIdentity(flow, header)
    guard isWanted, isFiltered || flow.diagnosis != nil else {
      causes[identity] = nil
      return
    }
    causes[identity] = flow.diagnosis.map { "\($0.cause): \($0.why)" } ?? ""
    let proto = IPProtocol(recorded: flow.transport)
    var keys: Set<Key> = []
    func add(_ a: Peer, _ b: Peer) {
      keys.insert(Key(identity.clock, proto, a.endpoint, b.endpoint))
    }
    add(flow.original.source, flow.original.destination)
    for endpoint in flow.attempts + [flow.original.destination] {
      add(flow.original.source, endpoint)
      // after source NAT
      if let reply = flow.reply { add(reply.destination, endpoint) }
    }
    for drop in flow.drops { add(drop.tuple.source, drop.tuple.destination) }
    let life = Life(identity: identity, start: flow.start, end: flow.end)
    for key in keys { lives[key, default: []].append(life) }
  }

  /// Why the connection of an event failed, empty if it did not; `nil` if it is none of those learned.
  func cause(of event: EventRecord, _ header: HeaderRecord?) -> String? {
    guard !lives.isEmpty else { return nil }
    let proto = IPProtocol(recorded: event.transport)
    let tuples = [event.tuple, event.conntrack?.original].compactMap { $0 }
    for tuple in tuples {
      let key = Key(
        header?.clock, proto, tuple.source.endpoint, tuple.destination.endpoint)
      for life in lives[key] ?? [] where life.start <= event.time && event.time <= life.end {
        if let cause = causes[life.identity] { return cause }
      }
    }
    return nil
  }
}
