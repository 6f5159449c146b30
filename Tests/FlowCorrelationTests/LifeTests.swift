import FlowCorrelation
import FlowModel
import Testing

/// When a flow is over, and what is said of one that goes on.
@Suite struct LifeTests {
  private func refused() -> Sightings {
    var packets = Sightings()
    packets.leaveClient()
    packets.passNetfilter()
    packets.reachPod()
    packets.flags = [.rst, .ack]
    packets.sequence = 0
    packets.comeBack()
    return packets
  }

  @Test("a reset ends it at once, nothing else does so soon") func reset() {
    var correlator = FlowCorrelator()
    let packets = refused()
    for event in packets.events { correlator.ingest(event) }
    #expect(correlator.finished(now: packets.time + 100_000_000).isEmpty)
    let told = correlator.finished(now: packets.time + 300_000_000)
    #expect(told.map(\.state) == [.refused])
    #expect(correlator.activeCount == 0 && correlator.drain().isEmpty)
  }

  @Test("what comes late to one that was told is its own, a new SYN is not") func late() {
    var correlator = FlowCorrelator()
    let packets = refused()
    for event in packets.events { correlator.ingest(event) }
    #expect(correlator.finished(now: packets.time + 300_000_000).count == 1)
    var late = Sightings()
    late.time = packets.time + 1_000_000_000
    late.flags = [.rst]
    late.leaveClient()
    for event in late.events { correlator.ingest(event) }
    #expect(correlator.finished(now: late.time + 4_000_000_000).isEmpty)
    var again = Sightings()
    again.time = late.time + 4_100_000_000
    again.sequence = 7777
    again.leaveClient()
    for event in again.events { correlator.ingest(event) }
    #expect(correlator.finished(now: again.time + 4_000_000_000).map(\.id) == [2])
    var muchLater = Sightings()
    muchLater.time = again.time + 20_000_000_000
    muchLater.flags = [.rst]
    muchLater.leaveClient()
    var other = FlowCorrelator()
    for event in packets.events { other.ingest(event) }
    _ = other.finished(now: packets.time + 300_000_000)
    _ = other.finished(now: packets.time + 10_000_000_000)
    for event in muchLater.events { other.ingest(event) }
    #expect(other.drain().count == 1, "by then it may be anybody's")
  }

  @Test(
    "a close is a close whatever comes after it",
    arguments: [
      ([(false, TCPFlags.fin), (true, .fin), (false, .rst)], FlowState.completed),
      ([(false, .fin), (true, .fin), (true, .rst)], .completed),
      ([(true, .fin), (false, .rst)], .completed), ([(true, .fin), (true, .rst)], .reset),
      ([(false, .fin), (true, .rst)], .reset), ([(false, .rst)], .reset), ([(true, .fin)], .open),
    ])
  func close(_ packets: [(isReply: Bool, flags: TCPFlags)], _ state: FlowState) {
    var told = Sightings()
    told.leaveClient()
    told.passNetfilter()
    told.flags = [.syn, .ack]
    told.comeBack()
    for (i, packet) in packets.enumerated() {
      told.flags = packet.flags
      told.sequence = 100 + UInt32(i)
      if packet.isReply { told.comeBack() } else { told.leaveClient() }
    }
    #expect(flows(told.events).map(\.state) == [state])
  }

  @Test("later tries of one that was told are its own; an answer after all is told") func afterAll()
  {
    var correlator = FlowCorrelator()
    var packets = Sightings()
    packets.leaveClient()
    for event in packets.events { correlator.ingest(event) }
    #expect(correlator.finished(now: packets.time + 3_000_000_000).isEmpty, "a neighbour has 3 s")
    let first = correlator.finished(now: packets.time + 4_000_000_000)
    #expect(first.map(\.state) == [.noAnswer])

    var later = Sightings()
    later.time = packets.time + 7_000_000_000
    later.leaveClient()
    for event in later.events { correlator.ingest(event) }
    #expect(correlator.finished(now: later.time + 10_000_000_000).isEmpty, "told once")

    var answer = Sightings()
    answer.time = later.time + 11_000_000_000
    answer.passNetfilter()
    answer.flags = [.rst, .ack]
    answer.sequence = 0
    answer.comeBack()
    for event in answer.events { correlator.ingest(event) }
    let second = correlator.finished(now: answer.time + 1_000_000_000)
    #expect(second.map(\.id) == first.map(\.id))
    #expect(second.map(\.state) == [.refused])
    #expect(correlator.drain().isEmpty)
  }

  @Test("UDP is done when it was answered and is quiet") func udp() throws {
    let asked = Tuple(
      .udp, from: Sightings.client, to: Endpoint(Sightings.service.address, 53))
    var packets = Sightings()
    packets.see(.tcEgress, 1, 2, asked)
    packets.see(.tcIngress, 1, 2, asked.inverse)
    var correlator = FlowCorrelator(isServer: { endpoint, _ in endpoint.port == 53 })
    for event in packets.events { correlator.ingest(event) }
    #expect(correlator.finished(now: packets.time + 1_000_000_000).isEmpty)
    let flow = try #require(correlator.finished(now: packets.time + 2_000_000_000).first)
    #expect(flow.state == .completed && flow.original == asked)
  }

  @Test("an answer that is seen first is known by its server") func udpAnswerFirst() {
    let asked = Tuple(
      .udp, from: Sightings.client, to: Endpoint(Sightings.service.address, 53))
    var packets = Sightings()
    packets.see(.tcIngress, 1, 2, asked.inverse)
    var correlator = FlowCorrelator(isServer: { endpoint, _ in endpoint.port == 53 })
    for event in packets.events { correlator.ingest(event) }
    #expect(correlator.drain().map(\.original) == [asked])
  }

  @Test("a loss is noted on what was under way, not on what comes after") func loss() {
    var correlator = FlowCorrelator()
    for event in refused().events { correlator.ingest(event) }
    correlator.noteLoss()
    var later = Sightings()
    later.time = 9_000_000_000
    later.sequence = 99
    later.leaveClient()
    for event in later.events { correlator.ingest(event) }
    #expect(correlator.drain().map(\.mayMissEvents) == [true, false])
  }

  @Test("an ICMP error is about the flow whose packet it quotes") func icmpError() throws {
    var packets = Sightings()
    packets.leaveClient()
    let icmp = Tuple(
      .icmp, from: Endpoint(Address(v4: 0x0af4_0101), 0),
      to: Endpoint(Sightings.client.address, 0))
    packets.see(.tcIngress, 1, 2, Sightings.asked) {
      $0.carrier = .icmpError(outer: icmp)
      $0.icmpType = 3
      $0.icmpCode = 1
      $0.tcpFlags = []
    }
    let all = flows(packets.events)
    #expect(all.count == 1)
    let flow = try #require(all.first)
    #expect(flow.transmissions.map(\.isICMPError) == [false, true])
    #expect(flow.packets == (1, 0) && flow.syns == 1, "it is no packet of the connection")
    #expect(flow.transmissions[1].isReply)
  }

  @Test("a thousand packets are counted, and kept by their ends") func compaction() throws {
    var packets = Sightings()
    packets.leaveClient()
    packets.flags = .ack
    packets.payload = 100
    for i: UInt32 in 0..<1000 {
      packets.sequence = 2 + i * 100
      packets.see(.tcEgress, 1, 2, Sightings.asked)
      packets.see(.tcIngress, 2, 7, Sightings.asked)
      if i == 500 { packets.see(.drop, 2, 7, Sightings.asked) }
    }
    let flow = try #require(flows(packets.events).first)
    #expect(flow.packets.original == 1001 && flow.bytes.original == 100_000)
    #expect(flow.transmissions.first?.first?.tcpFlags == .syn)
    // of the data the first, the one that died, and the latest
    let kept = flow.transmissions.dropFirst().compactMap { ($0.first?.sequence).map { $0 / 100 } }
    #expect(kept == Array(0..<11) + [500] + Array(965..<1000))
    #expect(flow.transmissions.map { $0.drop == nil }.count { !$0 } == 1)
    #expect(flow.transmissions.allSatisfy { $0.hops.count == ($0.drop == nil ? 2 : 3) })
  }
}
