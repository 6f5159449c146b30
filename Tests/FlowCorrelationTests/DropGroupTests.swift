import FlowCorrelation
import FlowModel
import Testing

@Suite struct DropGroupTests {
  private func drop(
    time: UInt64 = 1, reason: UInt32 = 9, netns: UInt32 = 2, source: UInt16 = 1000,
    to port: UInt16 = 80
  ) -> Event {
    var event = Event(
      time: time, netns: netns, hook: .drop,
      tuple: Tuple(
        .tcp, from: Endpoint(Address(v4: 1), source), to: Endpoint(Address(v4: 2), port)))
    event.dropReason = reason
    return event
  }

  @Test("one kind at one place is one group, whatever its sources") func grouping() {
    var groups = DropGroups()
    for source: UInt16 in [1, 2, 2, 3] { groups.ingest(drop(source: source)) }
    groups.ingest(drop(reason: 10))
    groups.ingest(drop(netns: 3))
    groups.ingest(drop(to: 81))
    let ranked = groups.ranked()
    #expect(ranked.map(\.packets) == [4, 1, 1, 1])
    #expect(ranked.first?.flows == 3)
    #expect(groups.packets == 7)
  }

  @Test("what is no drop is not counted") func others() {
    var groups = DropGroups()
    groups.ingest(Event(time: 1, netns: 2, hook: .tcIngress, tuple: drop().tuple))
    #expect(groups.packets == 0 && groups.ranked().isEmpty)
  }

  @Test("recent is since the last tick, and ranks first") func ticks() {
    var groups = DropGroups()
    for _ in 0..<5 { groups.ingest(drop(to: 80)) }
    groups.tick()
    groups.ingest(drop(to: 81))
    #expect(groups.ranked().map(\.key.destination.port) == [81, 80])
    #expect(groups.ranked().map(\.recent) == [1, 0])
    #expect(groups.ranked().map(\.packets) == [1, 5])
  }

  @Test("the quietest leaves when there are too many; the sum keeps it") func limit() {
    var groups = DropGroups(limit: 3)
    for port: UInt16 in 1...3 { groups.ingest(drop(time: UInt64(port), to: port)) }
    groups.ingest(drop(time: 9, to: 1))
    groups.ingest(drop(time: 10, to: 4))
    #expect(Set(groups.ranked().map(\.key.destination.port)) == [1, 3, 4])
    #expect(groups.packets == 5)
  }

  @Test("sources are counted up to their limit") func manySources() {
    var groups = DropGroups()
    for source: UInt16 in 0..<3000 { groups.ingest(drop(source: source)) }
    #expect(groups.ranked().first?.flows == 1024)
    #expect(groups.ranked().first?.packets == 3000)
  }
}
