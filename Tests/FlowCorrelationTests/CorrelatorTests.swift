import FlowCorrelation
import FlowModel
import Testing

/// Events in, flows out.
func flows(_ events: [Event], harmless: @escaping (Event) -> Bool = { _ in false }) -> [Flow] {
  var correlator = FlowCorrelator(isHarmless: harmless)
  for event in events { correlator.ingest(event) }
  return correlator.drain()
}

/// The hops a person is shown: namespace, device and action.
func shown(_ way: Transmission) -> [String] {
  way.hops.filter { !$0.isDetail }.map { hop in
    switch hop.action {
    case .received: "\(hop.event.netns) in \(hop.event.interface)"
    case .sent: "\(hop.event.netns) out \(hop.event.interface)"
    case .destinationNAT(let to, let undone): "\(undone ? "un-snat" : "dnat") \(to)"
    case .sourceNAT(let to, let undone): "\(undone ? "un-dnat" : "snat") \(to)"
    case .encapsulated(let outer, let vni): "encap \(outer.destination) vni \(vni)"
    case .decapsulated: "decap"
    case .delivered: "\(hop.event.netns) delivered"
    case .dropped: "\(hop.event.netns) dropped \(hop.netfilterHook?.description ?? "-")"
    default: "\(hop.action)"
    }
  }
}

@Suite struct CorrelatorTests {
  private let way = [
    "1 out 2", "2 in 7", "dnat 10.244.2.8:8080", "2 out 9", "3 in 2", "3 delivered",
  ]

  @Test("both backends' sightings make the same way") func backends() throws {
    for isNetfilter in [true, false] {
      var packets = Sightings()
      packets.leaveClient()
      if isNetfilter { packets.passNetfilter() } else { packets.passFunctions() }
      packets.reachPod()
      let flow = try #require(flows(packets.events).first)
      #expect(flow.original == Sightings.asked)
      #expect(flow.translated == Sightings.translated())
      #expect(flow.transmissions.map(shown) == [way])
      let nat = try #require(
        flow.transmissions[0].hops.first { shown(.init(isReply: false, hops: [$0])) == [way[2]] })
      #expect(nat.event.netfilterHook == .prerouting)
      #expect(flow.state == .noAnswer && flow.syns == 1)
    }
  }

  @Test("the answer belongs to the question; its NAT is undone") func answer() throws {
    var packets = Sightings()
    packets.leaveClient()
    packets.passNetfilter()
    packets.reachPod()
    packets.flags = [.syn, .ack]
    packets.sequence = 500
    packets.comeBack()
    let all = flows(packets.events)
    #expect(all.count == 1)
    let flow = try #require(all.first)
    #expect(flow.state == .open)
    #expect(flow.packets == (1, 1))
    let back = try #require(flow.transmissions.first { $0.isReply })
    #expect(
      shown(back) == [
        "3 out 2", "2 in 9", "un-dnat 10.96.0.50:80", "2 out 7", "1 in 2", "1 delivered",
      ])
  }

  @Test("an answer seen first turns into the same flow") func answerFirst() throws {
    var packets = Sightings()
    packets.flags = [.syn, .ack]
    packets.sequence = 500
    packets.comeBack()
    packets.flags = .ack
    packets.sequence = 2
    packets.leaveClient()
    packets.passNetfilter()
    let all = flows(packets.events)
    #expect(all.map(\.original) == [Sightings.asked])
    #expect(all.first?.packets.original == 1 && all.first?.packets.reply == 1)
  }

  @Test("a tunnel's inner packet is the same packet") func tunnel() throws {
    let outer = Tuple(
      .udp, from: Endpoint(Address(v4: 0xc0a8_010b), 57794),
      to: Endpoint(Address(v4: 0xc0a8_010c), 8472))
    var packets = Sightings()
    packets.leaveClient()
    packets.passNetfilter()
    packets.see(.tcEgress, 2, 11, Sightings.translated())
    packets.see(.tcEgress, 2, 3, Sightings.translated()) {
      $0.carrier = .tunnel(outer: outer, vni: 1)
    }
    packets.see(.tcIngress, 4, 3, Sightings.translated()) {
      $0.carrier = .tunnel(outer: outer, vni: 1)
    }
    packets.see(.tcIngress, 4, 11, Sightings.translated())
    let flow = try #require(flows(packets.events).first)
    #expect(
      flow.transmissions.map(shown) == [
        [
          "1 out 2", "2 in 7", "dnat 10.244.2.8:8080", "2 out 11", "encap 192.168.1.12:8472 vni 1",
          "2 out 3", "4 in 3", "decap", "4 in 11",
        ]
      ])
  }

  @Test("SYNs that die alike are one with a count") func folding() throws {
    var packets = Sightings()
    for second: UInt64 in [1, 2, 4, 8] {
      packets.time = second * 1_000_000_000
      packets.skb += 0x100
      packets.leaveClient()
      packets.passNetfilter()
      packets.drop()
    }
    let all = flows(packets.events)
    #expect(all.count == 1)
    let flow = try #require(all.first)
    #expect(flow.syns == 4 && flow.dropCount == 4)
    #expect(flow.drops.map(\.repeats) == [3])
    #expect(shown(flow.drops[0]).last == "2 dropped -", "it had left FORWARD's filter stage")
  }

  @Test(
    "what dies behind the chains of FORWARD or OUTPUT does so in POSTROUTING",
    arguments: [(NetfilterHook.forward, "POSTROUTING"), (.output, "POSTROUTING"), (.input, "-")])
  func behindChains(_ hook: NetfilterHook, _ place: String) throws {
    var packets = Sightings()
    packets.leaveClient()
    packets.see(.nfFilterDone, 2, 7, Sightings.asked, at: hook)
    packets.see(.drop, 2, 7, Sightings.asked)
    let drop = try #require(flows(packets.events).first?.drops.first)
    #expect(shown(drop).last == "2 dropped \(place)")
  }

  @Test("a SYN that dies before an entry exists may be sent elsewhere next time") func reroll()
    throws
  {
    var packets = Sightings()
    packets.leaveClient()
    packets.see(
      .nfDNATDone, 2, 7, Sightings.translated(), at: .prerouting, entry: Sightings.entry())
    packets.see(.nfFilter, 2, 7, Sightings.translated(), at: .forward, entry: Sightings.entry())
    packets.drop()
    packets.time += 1_000_000_000
    packets.leaveClient()
    packets.passNetfilter(Sightings.web1)
    packets.reachPod(Sightings.web1)
    let all = flows(packets.events)
    #expect(all.count == 1)
    let flow = try #require(all.first)
    #expect(flow.attempts == [Sightings.web2, Sightings.web1])
    #expect(flow.syns == 2 && flow.dropCount == 1)
    #expect(shown(try #require(flow.drops.first)).last == "2 dropped FORWARD")
  }

  @Test("a packet that waited for a neighbour dies as itself, not as its retransmission")
  func queued() throws {
    var packets = Sightings()
    var queued: [UInt64] = []
    for second: UInt64 in [1, 2] {
      packets.time = second * 1_000_000_000
      packets.skb += 0x100
      queued.append(packets.skb)
      packets.leaveClient()
    }
    packets.time = 4_000_000_000
    for skb in queued {
      packets.skb = skb
      packets.see(.drop, 2, 7, Sightings.asked) { $0.dropReason = 33 }
    }
    let flow = try #require(flows(packets.events).first)
    #expect(flow.syns == 2, "no packet was counted twice")
    #expect(flow.dropCount == 2)
  }

  @Test("another connection with the same ports begins with another sequence number")
  func reuse() {
    var packets = Sightings()
    packets.leaveClient()
    packets.time += 500_000_000
    packets.sequence = 77_777
    packets.leaveClient()
    #expect(flows(packets.events).map(\.syns) == [1, 1])
  }

  @Test("two connections at once stay apart") func apart() {
    var first = Sightings()
    first.leaveClient()
    let other = Tuple(
      .tcp, from: Endpoint(Sightings.client.address, 43123), to: Sightings.service)
    first.see(.tcEgress, 1, 2, other)
    first.passNetfilter()
    first.see(.tcIngress, 2, 7, other)
    let all = flows(first.events)
    #expect(all.map(\.original.source.port).sorted() == [43122, 43123])
    #expect(all.first { $0.original == other }?.translated == nil)
  }

  @Test("a harmless free is no drop") func harmless() throws {
    var packets = Sightings()
    packets.leaveClient()
    packets.passNetfilter()
    packets.drop()
    #expect(flows(packets.events).first?.dropCount == 1)
    #expect(flows(packets.events) { _ in true }.first?.dropCount == 0)
  }
}
