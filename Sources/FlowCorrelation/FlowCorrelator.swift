public import FlowModel

/// How long a flow is waited for.
public struct FlowPatience: Sendable {
  /// ns without a packet after which a closed flow is finished.
  public var closed: UInt64 = 200_000_000
  /// ns for which later packets of a closed one are still its own: a last FIN or ACK that was sent again,
  /// or was late.
  public var lingering: UInt64 = 5_000_000_000
  /// ns after which an answered one without a close is (UDP; TCP keeps on for longer).
  public var answered: UInt64 = 1_500_000_000
  /// ns after which one with an answer and an unanswered DNS question is: resolvers ask again after
  /// 5 seconds.
  public var question: UInt64 = 6_000_000_000
  /// ns after which an unanswered one is told. The client may still be trying, after 1, 2, 4, …
  /// seconds, and the kernel gives a neighbour 3 seconds to answer before it drops what waits.
  public var unanswered: UInt64 = 3_500_000_000
  /// ns for which later packets of one that was told are still its own.
  public var told: UInt64 = 130_000_000_000
  /// ns after which an open TCP connection is given up.
  public var open: UInt64 = 300_000_000_000

  public init() {}
}

/// Events in, flows out: joins the sightings of a connection over NAT, tunnels and
/// namespaces, and each packet's sightings into its way.
public struct FlowCorrelator {
  /// Bytes of flows that are kept at the most, unless told otherwise.
  public static let usualMemory = 160 << 20

  private let patience: FlowPatience
  private let isServer: (Endpoint, IPProtocol) -> Bool
  private let isHarmless: (Event) -> Bool
  private let memory: Int
  private var aliases = AliasTable()
  /// Those that are not over, and those that more may come of, by id.
  private var flows: [UInt64: FlowBuilder] = [:]
  private var schedule = FlowSchedule()
  /// Bytes that `flows` take, more or less.
  private var size = 0
  private var ended: [FlowBuilder] = []
  private var nextID: UInt64 = 1
  private var searches = DNSSearches()
  /// Flows that were told before they were over, because there were too many.
  public private(set) var toldEarly = 0

  /// `isServer` knows the Service side of an endpoint pair, for flows whose first packet
  /// was not seen; `isHarmless` knows the drops that are no faults. Of flows that take more than
  /// `memory` bytes together, those that were finished first are forgotten, and when there are none
  /// those that are quiet for longest are told.
  public init(
    patience: FlowPatience = FlowPatience(), memory: Int = FlowCorrelator.usualMemory,
    isServer: @escaping (Endpoint, IPProtocol) -> Bool = { _, _ in false },
    isHarmless: @escaping (Event) -> Bool = { _ in false }
  ) {
    self.patience = patience
    self.memory = memory
    self.isServer = isServer
    self.isHarmless = isHarmless
  }

  /// Flows that are not finished.
  public var activeCount: Int { flows.values.reduce(0) { $0 + ($1.stage == .active ? 1 : 0) } }

  /// Whether so many are over that they should be taken by ``finished(now:)`` soon.
  public var hasManyEnded: Bool { ended.count > 4096 }

  /// Takes one event; events come in the order of the ring buffer. A flow that was unanswered when
  /// it was told and is answered after all is told again, with the same id. `payload`: the beginning of
  /// what follows the L4 header, of a packet from or to port 53.
  public mutating func ingest(_ event: Event, payload: [UInt8]? = nil) {
    let isHarmless = event.hook == .drop && isHarmless(event)
    let entry = event.translation
    // a packet (or its clone) freed in the course of things begins no flow
    guard let builder = flow(of: event, entry, mayBegin: !isHarmless) else { return }
    if let entry, !builder.isSettled(on: entry, aliases.changes), let conntrack = entry.conntrack {
      builder.learn(conntrack)
      adopt(conntrack.original, event, builder)
      adopt(conntrack.translated, event, builder)
      builder.settle(on: entry, aliases.changes)
    }
    size += builder.add(event, entry, payload: payload, isHarmless: isHarmless)
    if builder.isAnswered, builder.stage == .told { builder.stage = .active }
    schedule.touch(builder)
    if size > memory { makeRoom() }
  }

  /// Events were lost: every flow that is under way may miss some.
  public mutating func noteLoss() {
    for builder in flows.values where builder.stage == .active { builder.mayMissEvents = true }
  }

  private mutating func flow(
    of event: Event, _ entry: Event.Translation?, mayBegin: Bool
  ) -> FlowBuilder? {
    if let known = known(event, entry) {
      guard known.isSucceeded(by: event) else {
        // those of the entry it is settled on are its own
        if entry.map({ !known.isSettled(on: $0, aliases.changes) || !$0.has(event.tuple) }) ?? true
        {
          let alias = Alias(event.tuple, netns: event.netns)
          if aliases.find(alias) == nil { aliases.set(alias, known) }
        }
        return known
      }
      end(known)
    }
    guard mayBegin else { return nil }
    let builder = FlowBuilder(id: nextID, original: orient(event), first: event)
    nextID += 1
    flows[builder.id] = builder
    size += builder.size
    adopt(event.tuple, event, builder)
    return builder
  }

  private mutating func known(_ event: Event, _ entry: Event.Translation?) -> FlowBuilder? {
    // what NAT made of it may for a moment be what it made of another
    if let original = entry?.conntrack?.original,
      let asked = aliases.find(Alias(original, netns: event.netns))
    {
      return asked
    }
    guard
      let known = aliases.find(Alias(event.tuple, netns: event.netns))
        ?? event.conntrack.flatMap({ aliases.find(Alias($0.translated, netns: event.netns)) })
    else { return nil }
    guard let rival = known.rival, rival.stage == .active, !known.hasSeen(event),
      rival.hasSeen(event)
    else { return known }
    return rival
  }

  /// Client to server.
  private func orient(_ event: Event) -> Tuple {
    if let conntrack = event.conntrack { return conntrack.original }
    let tuple = event.tuple
    if tuple.proto == .tcp, event.tcpFlags.contains(.syn), event.hook != .retransmit {
      return event.tcpFlags.contains(.ack) ? tuple.inverse : tuple
    }
    if isServer(tuple.destination, tuple.proto) { return tuple }
    return isServer(tuple.source, tuple.proto) ? tuple.inverse : tuple
  }

  /// The tuple is this flow's from now on; a flow it was before is merged into this one.
  private mutating func adopt(_ tuple: Tuple, _ event: Event, _ builder: FlowBuilder) {
    let alias = Alias(tuple, netns: event.netns)
    // the one whose packet dies leaves to the other what NAT made of both
    if event.hook == .drop, tuple != event.conntrack?.original, let rival = builder.rival {
      aliases.set(alias, rival)
      return
    }
    if let other = aliases.find(alias), other !== builder,
      other.stage == .active || other.stage == .told
    {
      let isAnother = other.isTranslated(like: builder)
      if isAnother, !other.isAnswered, other.stage == .active {
        builder.meet(other)
        return
      } else if isAnother || other.isSucceeded(by: event) {
        end(other)
      } else {
        size -= builder.size
        builder.absorb(other)
        size += builder.size
        aliases.move(from: other, to: builder)
        leave(other)
      }
    }
    aliases.set(alias, builder)
  }

  private mutating func end(_ builder: FlowBuilder) {
    if builder.stage == .active { ended.append(builder) }
    leave(builder)
    aliases.forget(builder)
  }

  private mutating func leave(_ builder: FlowBuilder) {
    builder.stage = .gone
    if flows.removeValue(forKey: builder.id) != nil { size -= builder.size }
  }

  /// Those that are finished for longest go first; then those that are quiet for longest are told.
  private mutating func makeRoom() {
    let goal = memory / 8 * 7
    func oldest(_ isWanted: (FlowBuilder.Stage) -> Bool) -> [FlowBuilder] {
      flows.values.filter { isWanted($0.stage) }.sorted { ($0.last, $0.id) < ($1.last, $1.id) }
    }
    for builder in oldest({ $0 != .active }) where size > goal { end(builder) }
    guard size > goal else { return }
    for builder in oldest({ $0 == .active }) where size > goal {
      builder.mayMissEvents = true
      toldEarly += 1
      end(builder)
    }
  }

  /// Flows that are over at `now` (CLOCK_BOOTTIME, ns), oldest first.
  public mutating func finished(now: UInt64) -> [Flow] {
    var over: [Flow] = []
    for builder in schedule.due(now: now, patience, flows) {
      guard let due = builder.due(patience) else { continue }
      guard now > due || now == .max else {
        schedule.touch(builder)
        continue
      }
      if builder.stage != .active || now == .max {
        end(builder)
      } else if builder.lingers {
        over.append(tell(builder, .lingering))
      } else if builder.isAnswered {
        end(builder)
      } else {
        over.append(tell(builder, .told))
      }
    }
    over += ended.map { $0.flow() }
    ended.removeAll(keepingCapacity: true)
    over.sort { ($0.start, $0.id) < ($1.start, $1.id) }
    for i in over.indices where !over[i].dns.isEmpty {
      over[i].dnsSearch = searches.take(over[i])
    }
    return over
  }

  /// It is over, and more of it may come.
  private mutating func tell(_ builder: FlowBuilder, _ stage: FlowBuilder.Stage) -> Flow {
    defer { schedule.touch(builder) }
    size -= builder.size
    defer { size += builder.size }
    return builder.finish(stage)
  }

  /// All the flows there are, at the end of a trace.
  public mutating func drain() -> [Flow] { finished(now: .max) }
}
