internal import FlowModel
internal import Recording

/// How far one node's clock is ahead of another's, from packets that both saw: as NTP does it, since a
/// packet takes some time in either direction.
public struct ClockOffset: Sendable, Equatable {
  /// ns that the other clock is ahead of the first one's.
  public var offset: Int64
  /// The true one is at most so far from it, ns; `nil` if packets went one way only.
  public var uncertainty: Int64?
  /// Packets both saw.
  public var packets: Int

  /// From the smallest differences of arrival and departure: from the first node to the other, and back.
  /// `nil` if both saw none.
  init?(forth: Int64?, back: Int64?, packets: Int) {
    self.packets = packets
    switch (forth, back) {
    // forth = offset + delay, back = delay - offset
    case (let forth?, let back?):
      offset = (forth &- back) / 2
      uncertainty = max(0, (forth &+ back &+ 1) / 2)
    case (let forth?, nil): offset = forth
    case (nil, let back?): offset = 0 &- back
    case (nil, nil): return nil
    }
  }
}

/// When and where a node saw packets, to be compared with another node's.
struct PacketTimes {
  /// What NAT on the way, routing and tunnels between the nodes leave as it is.
  private struct Fingerprint: Hashable {
    var tuple: Tuple
    var ipID: UInt16
    var sequence: UInt32
    var acknowledgment: UInt32
    var flags: String
    var payload: UInt16
  }

  private struct Passage {
    var entry: UInt64?
    var exit: UInt64?
    var highestTTL: UInt8
    var lowestTTL: UInt8
    var first: UInt64
    var last: UInt64
  }

  /// Packets kept: the offset of two clocks does not get better with more.
  private static let limit = 200_000
  /// Sightings further apart are of two packets, ns.
  private static let span: UInt64 = 100_000_000

  private var passages: [Fingerprint: Passage] = [:]

  /// Takes an event; its time is of the node's wall clock, ns.
  mutating func add(_ event: EventRecord, time: UInt64) {
    guard event.hook == "tcIngress" || event.hook == "tcEgress", event.icmpType == nil else {
      return
    }
    let key = Fingerprint(
      tuple: Tuple(event.tuple, IPProtocol(recorded: event.transport)), ipID: event.ipID,
      sequence: event.sequence ?? 0, acknowledgment: event.acknowledgment ?? 0,
      flags: event.flags ?? "", payload: event.payload)
    guard
      var passage = passages[key]
        ?? (passages.count < Self.limit
          ? Passage(
            entry: nil, exit: nil, highestTTL: event.ttl, lowestTTL: event.ttl, first: time,
            last: time) : nil)
    else { return }
    passage.highestTTL = max(passage.highestTTL, event.ttl)
    passage.lowestTTL = min(passage.lowestTTL, event.ttl)
    passage.first = min(passage.first, time)
    passage.last = max(passage.last, time)
    if event.hook == "tcIngress" {
      passage.entry = min(passage.entry ?? time, time)
    } else {
      passage.exit = max(passage.exit ?? time, time)
    }
    passages[key] = passage
  }

  /// The offset of the other node's clock to this one's; `nil` if no packet was seen by both.
  func offset(of other: PacketTimes) -> ClockOffset? {
    var forth: Int64?
    var back: Int64?
    var packets = 0
    for (key, mine) in passages {
      guard let its = other.passages[key], mine.last - mine.first < Self.span,
        its.last - its.first < Self.span
      else { continue }
      // whoever forwards it takes one off its TTL
      let mineFirst = (mine.highestTTL, mine.lowestTTL) > (its.highestTTL, its.lowestTTL)
      let itsFirst = (mine.highestTTL, mine.lowestTTL) < (its.highestTTL, its.lowestTTL)
      if mineFirst, let exit = mine.exit, let entry = its.entry {
        forth = Swift.min(forth ?? .max, Int64(bitPattern: entry &- exit))
        packets += 1
      } else if itsFirst, let exit = its.exit, let entry = mine.entry {
        back = Swift.min(back ?? .max, Int64(bitPattern: entry &- exit))
        packets += 1
      }
    }
    return ClockOffset(forth: forth, back: back, packets: packets)
  }
}
