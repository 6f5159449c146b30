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
  /// Both directions of a tuple under one key; loopback traffic is told apart by namespace.
  private struct Alias: Hashable {
    var low: Endpoint
    var high: Endpoint
    var proto: IPProtocol
    var netns: UInt32

    init(_ tuple: Tuple, netns: UInt32) {
      let ordered =
        (tuple.source.address, tuple.source.port)
        < (tuple.destination.address, tuple.destination.port)
      low = ordered ? tuple.source : tuple.destination
      high = ordered ? tuple.destination : tuple.source
      proto = tuple.proto
      self.netns = tuple.source.address.isLoopback ? netns : 0
    }
  }

  private let patience: FlowPatience
  private let isServer: (Endpoint, IPProtocol) -> Bool
  private let isHarmless: (Event) -> Bool
  private var aliases: [Alias: FlowBuilder] = [:]
  private var active: [UInt64: FlowBuilder] = [:]
  private var ended: [FlowBuilder] = []
  /// Told to be unanswered; their clients may go on trying.
  private var told: [UInt64: FlowBuilder] = [:]
  /// Closed and told.
  private var lingering: [UInt64: FlowBuilder] = [:]
  private var nextID: UInt64 = 1
  private var searches = DNSSearches()

  /// `isServer` knows the Service side of an endpoint pair, for flows whose first packet
  /// was not seen; `isHarmless` knows the drops that are no faults.
  public init(
    patience: FlowPatience = FlowPatience(),
    isServer: @escaping (Endpoint, IPProtocol) -> Bool = { _, _ in false },
    isHarmless: @escaping (Event) -> Bool = { _ in false }
  ) {
    self.patience = patience
    self.isServer = isServer
    self.isHarmless = isHarmless
  }

  /// Flows that are not finished.
  public var activeCount: Int { active.count }

  /// Takes one event; events come in the order of the ring buffer. A flow that was unanswered when
  /// it was told and is answered after all is told again, with the same id. `payload`: the beginning of
  /// what follows the L4 header, of a packet from or to port 53.
  public mutating func ingest(_ event: Event, payload: [UInt8]? = nil) {
    let isHarmless = event.hook == .drop && isHarmless(event)
    // a packet (or its clone) freed in the course of things begins no flow
    guard let builder = flow(of: event, mayBegin: !isHarmless) else { return }
    if let conntrack = event.conntrack, conntrack.isTranslated {
      builder.learn(conntrack)
      adopt(conntrack.original, event, builder)
      adopt(conntrack.translated, event, builder)
    }
    builder.add(event, payload: payload, isHarmless: isHarmless)
    if builder.isAnswered, told.removeValue(forKey: builder.id) != nil {
      active[builder.id] = builder
    }
  }

  /// Events were lost: every flow that is under way may miss some.
  public mutating func noteLoss() {
    for builder in active.values { builder.mayMissEvents = true }
  }

  private mutating func flow(of event: Event, mayBegin: Bool) -> FlowBuilder? {
    let known = known(event)
    if let known {
      guard known.isSucceeded(by: event) else {
        let alias = Alias(event.tuple, netns: event.netns)
        if aliases[alias] == nil { aliases[alias] = known }
        return known
      }
      end(known)
    }
    guard mayBegin else { return nil }
    let builder = FlowBuilder(id: nextID, original: orient(event), first: event)
    nextID += 1
    active[builder.id] = builder
    adopt(event.tuple, event, builder)
    return builder
  }

  private func known(_ event: Event) -> FlowBuilder? {
    // what NAT made of it may for a moment be what it made of another
    let asked =
      event.conntrack.flatMap { entry in
        entry.isTranslated ? aliases[Alias(entry.original, netns: event.netns)] : nil
      }
    let known =
      asked ?? aliases[Alias(event.tuple, netns: event.netns)]
      ?? event.conntrack.flatMap { aliases[Alias($0.translated, netns: event.netns)] }
    guard let known, asked == nil, let rival = known.rival, active[rival.id] != nil,
      !known.hasSeen(event), rival.hasSeen(event)
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
      aliases[alias] = rival
      return
    }
    if let other = aliases[alias], other !== builder,
      active[other.id] != nil || told[other.id] != nil
    {
      let isAnother = other.isTranslated(like: builder)
      if isAnother, !other.isAnswered, active[other.id] != nil {
        builder.meet(other)
        return
      } else if isAnother || other.isSucceeded(by: event) {
        end(other)
      } else {
        builder.absorb(other)
        active[other.id] = nil
        told[other.id] = nil
        for (key, value) in aliases where value === other { aliases[key] = builder }
      }
    }
    aliases[alias] = builder
    builder.aliasCount += 1
  }

  private mutating func end(_ builder: FlowBuilder) {
    if active.removeValue(forKey: builder.id) != nil { ended.append(builder) }
    told[builder.id] = nil
    lingering[builder.id] = nil
    forget(builder)
  }

  private mutating func forget(_ builder: FlowBuilder) {
    for tuple in builder.tuples {
      let alias = Alias(tuple, netns: builder.netns)
      if aliases[alias] === builder { aliases[alias] = nil }
    }
  }

  /// Flows that are over at `now` (CLOCK_BOOTTIME, ns), oldest first.
  public mutating func finished(now: UInt64) -> [Flow] {
    for builder in told.values where now > builder.last + patience.told { end(builder) }
    for builder in lingering.values where now > builder.last + patience.lingering { end(builder) }
    for builder in active.values where builder.isOver(now: now, patience) {
      if builder.lingers, now != .max {
        active[builder.id] = nil
        ended.append(builder)
        lingering[builder.id] = builder
      } else if builder.isAnswered || now == .max {
        end(builder)
      } else {
        active[builder.id] = nil
        ended.append(builder)
        told[builder.id] = builder
      }
    }
    defer { ended.removeAll(keepingCapacity: true) }
    var flows = ended.map { $0.flow() }.sorted { $0.start < $1.start }
    for i in flows.indices where !flows[i].dns.isEmpty {
      flows[i].dnsSearch = searches.take(flows[i])
    }
    return flows
  }

  /// All the flows there are, at the end of a trace.
  public mutating func drain() -> [Flow] { finished(now: .max) }
}
