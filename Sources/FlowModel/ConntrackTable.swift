/// A namespace's connection tracking: how full its table is, and what could not be entered.
public struct ConntrackTable: Hashable, Sendable {
  /// What it has counted since the namespace began, over all processors: `conntrack -S`.
  public struct Counters: Hashable, Sendable {
    /// `drop`: packets dropped for want of room, or because their entry could not be inserted.
    public var dropped: UInt64
    /// `early_drop`: unanswered entries that made room for new ones.
    public var evicted: UInt64
    /// `insert_failed`: entries whose tuple another packet's entry had taken meanwhile.
    public var insertFailed: UInt64

    public init(dropped: UInt64 = 0, evicted: UInt64 = 0, insertFailed: UInt64 = 0) {
      self.dropped = dropped
      self.evicted = evicted
      self.insertFailed = insertFailed
    }
  }

  /// Entries in this namespace.
  public var count: UInt64
  /// How many each namespace may have; 0: any number.
  public var limit: UInt64
  public var counters: Counters
  /// The same when the trace began; `nil` if it was not read then.
  public var before: Counters?

  public init(count: UInt64, limit: UInt64, counters: Counters, before: Counters? = nil) {
    self.count = count
    self.limit = limit
    self.counters = counters
    self.before = before
  }

  /// Whether a new entry finds no room.
  public var isFull: Bool { limit > 0 && count >= limit }

  /// By how much a counter has grown while tracing; all of it if that is not known.
  public func growth(of counter: KeyPath<Counters, UInt64>) -> UInt64 {
    let now = counters[keyPath: counter]
    let then = before?[keyPath: counter] ?? 0
    return now > then ? now - then : 0
  }
}
