import FlowCorrelation
import FlowModel
import Testing

/// Two connections of one port to two Services of the same pods: NAT makes the same tuple of both.
@Suite struct RivalTests {
  private static let client = Endpoint(Address(v4: 0x0af4_0105), 41847)
  private static let pod = Endpoint(Address(v4: 0x0af4_020a), 53)
  private static let services = [0x0a60_000a, 0x0a60_000b].map { Endpoint(Address(v4: $0), 53) }
  private static let translated = Tuple(.udp, from: client, to: pod)

  private static func asked(_ service: Int) -> Tuple {
    Tuple(.udp, from: client, to: services[service])
  }

  private static func entry(_ service: Int, isReply: Bool = false) -> Event.Conntrack {
    Event.Conntrack(
      original: asked(service), reply: translated.inverse, status: 0, zone: 0, isReply: isReply)
  }

  /// A question from the client to behind the node's DNAT.
  private func begin(_ service: Int, _ packets: inout Sightings) {
    packets.see(.tcEgress, 1, 2, Self.asked(service)) { $0.ipID = UInt16(service + 1) }
    packets.see(.tcIngress, 2, 7, Self.asked(service)) { $0.ipID = UInt16(service + 1) }
    packets.see(
      .nfDNATDone, 2, 7, Self.translated, at: .prerouting, entry: Self.entry(service)
    ) { $0.ipID = UInt16(service + 1) }
  }

  private func pass(_ service: Int, _ packets: inout Sightings) {
    packets.see(
      .nfSNATDone, 2, 7, Self.translated, at: .postrouting, entry: Self.entry(service)
    ) { $0.ipID = UInt16(service + 1) }
  }

  /// Without its entry, as in a tunnel and on the other node.
  private func arrive(_ service: Int, _ packets: inout Sightings) {
    packets.see(.tcEgress, 2, 9, Self.translated) { $0.ipID = UInt16(service + 1) }
    packets.see(.tcIngress, 3, 2, Self.translated) { $0.ipID = UInt16(service + 1) }
  }

  private func die(_ service: Int, _ packets: inout Sightings) {
    packets.see(.drop, 2, 7, Self.translated, entry: Self.entry(service)) {
      $0.ipID = UInt16(service + 1)
      $0.dropReason = 9
    }
  }

  private func answer(_ service: Int, _ packets: inout Sightings) {
    packets.see(.tcEgress, 3, 2, Self.translated.inverse) { $0.ipID = 77 }
    packets.see(
      .nfDNATDone, 2, 9, Self.translated.inverse, at: .prerouting,
      entry: Self.entry(service, isReply: true)
    ) { $0.ipID = 77 }
    packets.see(.tcIngress, 1, 2, Self.asked(service).inverse) { $0.ipID = 77 }
  }

  @Test("whoever comes first, each keeps its own packets", arguments: [0, 1]) func race(
    winner: Int
  ) throws {
    let loser = 1 - winner
    var packets = Sightings()
    begin(0, &packets)
    begin(1, &packets)
    pass(0, &packets)
    pass(1, &packets)
    // the winner is at the other node before the loser is dropped
    arrive(winner, &packets)
    die(loser, &packets)
    answer(winner, &packets)
    let all = flows(packets.events)
    try #require(all.count == 2)
    let won = try #require(all.first { $0.original == Self.asked(winner) })
    let lost = try #require(all.first { $0.original == Self.asked(loser) })
    #expect(won.state == .completed && won.packets == (1, 1) && won.dropCount == 0)
    #expect(lost.state == .noAnswer && lost.packets == (1, 0) && lost.dropCount == 1)
    #expect(won.rivals == [lost.original] && lost.rivals == [won.original])
    #expect(won.transmissions.contains { !$0.isReply && $0.hops.last?.event.netns == 3 })
  }

  @Test("source NAT finds the second one a port of its own") func reallocated() throws {
    let other = Tuple(.udp, from: Endpoint(Self.client.address, 28038), to: Self.pod)
    var packets = Sightings()
    begin(0, &packets)
    begin(1, &packets)
    pass(0, &packets)
    let entry = Event.Conntrack(
      original: Self.asked(1), reply: other.inverse, status: 0, zone: 0, isReply: false)
    packets.see(.nfSNATDone, 2, 7, other, at: .postrouting, entry: entry) { $0.ipID = 2 }
    arrive(0, &packets)
    answer(0, &packets)
    let all = flows(packets.events)
    #expect(all.map(\.original) == [Self.asked(0), Self.asked(1)])
    #expect(all.map(\.translated) == [Self.translated, other])
    #expect(all.map(\.state) == [.completed, .noAnswer])
    #expect(all.allSatisfy { $0.rivals.isEmpty })
  }

  @Test("one after the other they are no rivals") func sequence() throws {
    var packets = Sightings()
    for service in 0...1 {
      begin(service, &packets)
      pass(service, &packets)
      arrive(service, &packets)
      answer(service, &packets)
    }
    let all = flows(packets.events)
    #expect(all.map(\.original) == [Self.asked(0), Self.asked(1)])
    #expect(all.allSatisfy { $0.rivals.isEmpty && $0.packets == (1, 1) })
  }
}
