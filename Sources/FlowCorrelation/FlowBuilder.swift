internal import FlowModel

/// A flow while it is being traced.
final class FlowBuilder {
  /// How many packets' ways are kept at the most, the first and the latest; those that die are folded
  /// by place.
  private static let (kept, keptFirst) = (48, 12)

  /// Bytes of a flow without its packets, more or less: itself, and its tuples in the table.
  private static let ownSize = 900

  /// How far it is.
  enum Stage {
    case active
    /// Told to be unanswered; its client may go on trying.
    case told
    /// Closed and told.
    case lingering
    /// Not among the flows any more.
    case gone
  }

  let id: UInt64
  let netns: UInt32
  var stage = Stage.active
  var mayMissEvents = false
  /// For the schedule: the earliest slot it is in, and whether it has changed since the last look.
  var slot = FlowSchedule.never
  var isTouched = false
  /// Bytes it takes, more or less.
  private(set) var size = FlowBuilder.ownSize
  /// Another connection whose packets NAT gives the same tuple: one of the two will die of it.
  private(set) weak var rival: FlowBuilder?
  /// The tuples that were its own, for forgetting them.
  private(set) var aliases: [Alias] = []

  private var original: Tuple
  private var translated: Tuple?
  private var attempts: [Endpoint] = []
  private var rivals: [Tuple] = []
  private var zone: UInt16 = 0
  private var start: UInt64
  /// CLOCK_BOOTTIME, ns, of the last sighting.
  private(set) var last: UInt64
  /// In the order of their first sightings; few, so that looking is quicker than a table.
  private var ways: [PacketWay] = []
  private var hasDied = false
  /// Entries whose tuples are all its own, of its own NAT and of what is not, and how often tuples
  /// had changed hands by then.
  private var settled: (own: Event.Translation?, other: Event.Translation?) = (nil, nil)
  private var settledChanges = 0
  /// Entries that its events share.
  private var entries: [Event.Translation] = []
  private var counts = PacketCounts()
  private var largestPassed: UInt32 = 0
  /// `nil` for most.
  private var dns: DNSConversation?

  init(id: UInt64, original: Tuple, first: Event) {
    self.id = id
    self.original = original
    netns = first.netns
    start = first.time
    last = first.time
    aliases.reserveCapacity(2)
  }

  /// The entry's tuples are the flow's, if nothing better is known.
  func learn(_ conntrack: Event.Conntrack) {
    // the first NAT seen is the Service's own; a second node may translate once more
    guard translated == nil || conntrack.original == original else { return }
    if translated == nil { original = conntrack.original }
    // source NAT has found it a port of its own
    if translated != conntrack.translated { part() }
    translated = conntrack.translated
    let server = conntrack.translated.destination
    if server != original.destination, attempts.last != server { attempts.append(server) }
    zone = conntrack.zone
  }

  /// A tuple is this flow's from now on.
  func noteAlias(_ alias: Alias) {
    if !aliases.contains(alias) { aliases.append(alias) }
  }

  /// Learning from this entry, and adopting its tuples, would change nothing. `changes`: how often
  /// tuples have changed hands.
  func isSettled(on entry: Event.Translation, _ changes: Int) -> Bool {
    guard settledChanges == changes, rival == nil else { return false }
    return settled.own?.hasTuples(of: entry) ?? false
      || settled.other?.hasTuples(of: entry) ?? false
  }

  /// It has learned from this entry, and adopted its tuples.
  func settle(on entry: Event.Translation, _ changes: Int) {
    if settledChanges != changes { settled = (nil, nil) }
    settledChanges = changes
    guard rival == nil else { return }
    if entry.conntrack?.original == original { settled.own = entry } else { settled.other = entry }
  }

  /// Whether NAT made the same of two connections that are not the same.
  func isTranslated(like other: FlowBuilder) -> Bool {
    translated != nil && translated == other.translated && original != other.original
  }

  /// Each remembers the other.
  func meet(_ other: FlowBuilder) {
    for (one, two) in [(self, other), (other, self)] {
      one.rival = two
      if !one.rivals.contains(two.original) { one.rivals.append(two.original) }
    }
  }

  /// They are told apart after all.
  private func part() {
    guard let rival else { return }
    rival.rivals.removeAll { $0 == original }
    rivals.removeAll { $0 == rival.original }
    rival.rival = nil
    self.rival = nil
  }

  /// Whether an event is a sighting of a packet that was seen before.
  func hasSeen(_ event: Event) -> Bool {
    latestWay(PacketKey(event, isReply: isReply(event))) != nil
  }

  private func latestWay(_ key: PacketKey) -> PacketWay? { ways.last { $0.key == key } }

  /// Whether an event begins another connection with the same tuple.
  func isSucceeded(by event: Event) -> Bool {
    guard event.tuple.proto == .tcp, event.tcpFlags == .syn, !event.isCarried,
      event.hook != .retransmit, let initial = counts.initialSequence
    else { return false }
    return event.sequence != initial
  }

  /// Takes a sighting, with the conntrack entry that translates it; by how many bytes it grew.
  func add(
    _ event: Event, _ entry: Event.Translation?, payload: [UInt8]?, isHarmless: Bool
  ) -> Int {
    // two processors' records may come out of order
    start = min(start, event.time)
    last = max(last, event.time)
    // it has been told, and will not be again
    if stage == .lingering { return 0 }
    if event.hook == .retransmit {
      counts.retransmissions += 1
      return 0
    }
    let before = size
    let isReply = isReply(event)
    let key = PacketKey(event, isReply: isReply)
    let way: PacketWay
    if let known = queuedWay(of: event, key) ?? latestWay(key), known.continues(with: event) {
      way = known
    } else {
      way = makeWay(key)
      ways.append(way)
      counts.add(event, isReply: isReply)
    }
    size -= way.size
    way.add(shared(event, entry), isHarmless: isHarmless)
    size += way.size
    if way.hasDied { hasDied = true }
    if payload != nil || way.exchange != nil { note(payload, event, way, isHarmless) }
    notePassed(event)
    return size - before
  }

  /// The event with the entry of those before, so that it is in memory once.
  private func shared(_ event: Event, _ entry: Event.Translation?) -> Event {
    guard let entry else { return event }
    if let mine = entries.first(where: { $0 == entry }) {
      var event = event
      event.share(mine)
      return event
    }
    if entries.count < 4 { entries.append(entry) }
    return event
  }

  /// The way of a packet that died after it was queued for a while, as those do that wait for a
  /// neighbour: a later transmission of the same bytes is another `sk_buff`.
  private func queuedWay(of event: Event, _ key: PacketKey) -> PacketWay? {
    guard event.hook == .drop, event.skb != 0 else { return nil }
    return ways.last { $0.key == key && $0.isQueued(as: event.skb) }
  }

  private func isReply(_ event: Event) -> Bool {
    // the packet that an error quotes went one way, the error goes the other
    isForward(event.tuple) == event.isICMPError
  }

  /// Whether a packet's tuple goes from client to server, in any of its translated forms.
  private func isForward(_ tuple: Tuple) -> Bool {
    if tuple == original || tuple == translated { return true }
    if tuple.inverse == original || tuple.inverse == translated { return false }
    // half-way: after DNAT, before SNAT; or to an endpoint of an earlier attempt
    func isServer(_ endpoint: Endpoint) -> Bool {
      endpoint == original.destination || attempts.contains(endpoint)
    }
    return isServer(tuple.destination) || !isServer(tuple.source)
  }

  /// The DNS message in a packet, or one more sighting of it.
  private func note(_ payload: [UInt8]?, _ event: Event, _ way: PacketWay, _ isHarmless: Bool) {
    if let payload, let message = DNSMessage(payload) {
      dns = dns ?? DNSConversation()
      way.exchange = dns?.take(message, event)
    }
    guard way.isReply, let exchange = way.exchange else { return }
    dns?.follow(exchange, event, isDrop: event.hook == .drop && !isHarmless)
  }

  private func notePassed(_ event: Event) {
    if event.hook == .tcEgress || event.hook == .ipDeliver || event.hook == .nfSNATDone {
      // a GSO packet is still to be cut
      if event.gsoSize == 0, event.length <= UInt32(event.mtu) {
        largestPassed = max(largestPassed, event.length)
      }
    }
  }

  /// For a packet that was not seen before. If there are many, the oldest but the first and those that
  /// can be folded makes way, and is used again; it is in the counts.
  private func makeWay(_ key: PacketKey) -> PacketWay {
    if ways.count >= 2 * Self.kept { fold() }
    if ways.count >= Self.kept,
      let i = ways.indices.first(where: { $0 >= Self.keptFirst && !ways[$0].canBeFolded })
    {
      let way = ways.remove(at: i)
      way.begin(key)
      return way
    }
    let way = PacketWay(key, hops: ways.last?.sightings ?? 8)
    size += way.size
    return way
  }

  private func measure() {
    size = ways.reduce(Self.ownSize) { $0 + $1.size }
  }

  /// Packets of one kind that went the same way to the same end become one with a count.
  private func fold() {
    guard ways.count(where: { $0.canBeFolded }) > 1 else { return }
    var first: [PacketWay.Shape: PacketWay] = [:]
    var result: [PacketWay] = []
    for way in ways {
      guard let shape = way.shape else {
        result.append(way)
        continue
      }
      if let earlier = first[shape] {
        earlier.repeats += 1 + way.repeats
      } else {
        first[shape] = way
        result.append(way)
      }
    }
    ways = result
    measure()
  }

  /// Two traces of one connection that turned out to be the same.
  func absorb(_ other: FlowBuilder) {
    start = min(start, other.start)
    last = max(last, other.last)
    counts.add(other.counts)
    ways = (other.ways + ways).sorted { $0.start < $1.start }
    translated = translated ?? other.translated
    attempts = other.attempts + attempts
    hasDied = hasDied || other.hasDied
    settled = (nil, nil)
    measure()
    if let theirs = other.dns {
      dns = dns ?? DNSConversation()
      dns?.absorb(theirs)
    }
  }

  /// CLOCK_BOOTTIME, ns, until which it is not over; `nil` if it is not among the flows any more.
  func due(_ patience: FlowPatience) -> UInt64? {
    let (time, isBeyond) = last.addingReportingOverflow(
      stage == .active
        ? wait(patience) : stage == .told ? patience.told : patience.lingering)
    return stage == .gone ? nil : isBeyond ? .max : time
  }

  /// ns it may be quiet before it is over.
  private func wait(_ patience: FlowPatience) -> UInt64 {
    switch state {
    case .completed where original.proto == .tcp: patience.closed
    case .refused, .reset: patience.closed
    // who asked two things at once may wait for one of them, and ask again
    case .completed: dns?.isWaiting ?? false ? patience.question : patience.answered
    case .noAnswer: patience.unanswered
    case .open: hasDied ? patience.unanswered : patience.open
    }
  }

  /// Whether more of it may come when it is over, and can be told from another connection's.
  var lingers: Bool {
    guard original.proto == .tcp, counts.initialSequence != nil else { return false }
    return state == .completed || state == .refused || state == .reset
  }

  /// Whether the server has said anything.
  var isAnswered: Bool { counts.packets.reply > 0 }

  private var state: FlowState { counts.state(of: original.proto) }

  /// It was over; what is needed of it for what may come is kept.
  func finish(_ stage: Stage) -> Flow {
    self.stage = stage
    defer {
      if stage == .lingering {
        (ways, entries, dns) = ([], [], nil)
        (attempts, rivals, settled) = ([], [], (nil, nil))
        measure()
      }
    }
    return flow()
  }

  func flow() -> Flow {
    fold()
    var flow = Flow(id: id, original: original, netns: netns, start: start)
    flow.translated = translated
    flow.attempts = attempts
    flow.rivals = rivals
    flow.zone = zone
    flow.end = last
    flow.state = state
    flow.packets = counts.packets
    flow.bytes = counts.bytes
    flow.syns = counts.syns
    flow.retransmissions = counts.retransmissions
    flow.transmissions = ways.map { $0.transmission() }
    flow.largestPassed = largestPassed
    flow.mayMissEvents = mayMissEvents
    if let dns {
      let unread = ways.contains { $0.isReply && $0.exchange == nil && $0.hasRoomForDNS }
      flow.dns = dns.told(unread: unread)
      flow.dnsOmitted = dns.omitted
    }
    return flow
  }
}
