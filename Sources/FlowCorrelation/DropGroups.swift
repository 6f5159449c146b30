public import FlowModel

/// Drops of one kind at one place, of packets to one destination.
public struct DropGroup: Sendable {
  /// What its packets have in common.
  public struct Key: Hashable, Sendable {
    public var reason: UInt32
    public var location: UInt64
    public var netns: UInt32
    public var interface: UInt32
    public var proto: IPProtocol
    public var destination: Endpoint
  }

  /// Flows are told apart by source up to this many.
  private static let sourcesKept = 1024

  public let key: Key
  /// The first of them.
  public let sample: Event
  public private(set) var packets = 0
  /// Packets since the last `DropGroups.tick`.
  public private(set) var recent = 0
  /// CLOCK_BOOTTIME, ns, of the latest.
  public private(set) var last: UInt64 = 0
  private var sources: Set<Endpoint> = []

  /// How many sources they came from; 1024 stands for that many or more.
  public var flows: Int { sources.count }

  fileprivate init(_ key: Key, _ sample: Event) {
    self.key = key
    self.sample = sample
  }

  fileprivate mutating func count(_ event: Event) {
    packets += 1
    recent += 1
    last = max(last, event.time)
    if sources.count < Self.sourcesKept { sources.insert(event.tuple.source) }
  }

  fileprivate mutating func tick() { recent = 0 }
}

/// Drop events in, groups out.
public struct DropGroups: Sendable {
  private let limit: Int
  private var groups: [DropGroup.Key: DropGroup] = [:]
  /// Packets in all, of groups that were forgotten too.
  public private(set) var packets = 0

  /// `limit`: how many groups are kept; the one that is quiet for longest leaves first.
  public init(limit: Int = 512) { self.limit = max(limit, 1) }

  /// Counts a drop; anything else is ignored.
  public mutating func ingest(_ event: Event) {
    guard event.hook == .drop else { return }
    packets += 1
    let key = DropGroup.Key(
      reason: event.dropReason, location: event.location, netns: event.netns,
      interface: event.interface, proto: event.tuple.proto, destination: event.tuple.destination)
    if groups[key] == nil, groups.count >= limit,
      let quiet = groups.values.min(by: { $0.last < $1.last })
    {
      groups[quiet.key] = nil
    }
    groups[key, default: DropGroup(key, event)].count(event)
  }

  /// The groups, those with most packets since the last tick first, then by all their packets.
  public func ranked() -> [DropGroup] {
    groups.values.sorted { a, b in
      (a.recent, a.packets, b.sample.time) > (b.recent, b.packets, a.sample.time)
    }
  }

  /// An interval is over: what comes now is new.
  public mutating func tick() {
    for key in groups.keys { groups[key]?.tick() }
  }
}
