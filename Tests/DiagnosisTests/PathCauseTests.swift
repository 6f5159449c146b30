import Diagnosis
import FlowModel
import Testing

@Suite struct PathCauseTests {
  private func large(_ change: (inout Event) -> Void = { _ in }) -> Hop {
    Told.dropped {
      $0.length = 1500
      $0.payload = 1448
      $0.mtu = 1450
      $0.fragment = 0x4000
      $0.outInterface = 4
      change(&$0)
    }
  }

  private func sizeError(_ end: Action) -> Hop {
    let icmp = Tuple(
      .icmp, from: Endpoint(Address(v4: 0x0af4_0201), 0), to: Endpoint(Told.client.address, 0))
    return Told.hop(end, end == .dropped ? .drop : .tcEgress) {
      $0.carrier = .icmpError(outer: icmp)
      $0.icmpType = 3
      $0.icmpCode = 4
    }
  }

  @Test("too large: sizes and the limit are this packet's") func mtu() throws {
    var told = Told(state: .completed)
    told.flow.largestPassed = 600
    told.packet(large())
    told.packet(isReply: true, sizeError(.sent))
    let said = try #require(Diagnoser.explain(told.flow, on: Node("PKT_TOO_BIG")))
    #expect(said.cause == "mtu-exceeded" && said.layer == .podNetwork)
    #expect(said.why.contains("1500 bytes") && said.why.contains("if4 (MTU 1450)"))
    #expect(said.evidence.contains { $0.contains("50 bytes too many") })
    #expect(said.evidence.contains { $0.contains("up to 600 bytes did") })
    #expect(said.evidence.contains { $0.contains("went back to 10.244.1.5") })
  }

  @Test("a GSO packet is judged by its segments") func gso() throws {
    var told = Told()
    told.packet(
      large {
        $0.length = 60_052
        $0.payload = 60_000
        $0.gsoSize = 1448
      })
    let said = try #require(Diagnoser.explain(told.flow, on: Node("PKT_TOO_BIG")))
    #expect(said.why.contains("packets of 1500 bytes"))
  }

  @Test("a large packet that went through is no fault") func largeAndWell() {
    var told = Told(state: .completed)
    told.packet(
      Told.hop(.sent) {
        $0.length = 65_000
        $0.gsoSize = 1448
      })
    #expect(Diagnoser.explain(told.flow, on: Node()) == nil)
  }

  @Test("the ICMP error died: a blackhole while it hangs") func blackhole() throws {
    var told = Told(state: .open)
    told.packet(large())
    told.packet(isReply: true, repeats: 1, sizeError(.dropped))
    let node = Node("PKT_TOO_BIG")
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "mtu-blackhole")
    #expect(said.evidence.contains { $0.hasPrefix("2 ICMP fragmentation-needed for 10.244.1.5") })
    told.flow.state = .completed
    #expect(Diagnoser.explain(told.flow, on: node)?.cause == "mtu-exceeded")
  }

  @Test("nobody listens") func portClosed() throws {
    var told = Told(state: .refused)
    told.packet(Told.dropped(netns: 3))
    let said = try #require(Diagnoser.explain(told.flow, on: Node("NO_SOCKET")))
    #expect(said.cause == "port-closed" && said.layer == .application)
    #expect(said.why.contains("TCP port 8080 in web2"))
    told = Told(state: .refused)
    told.packet(Told.hop(.answeredByReset, .resetSent, netns: 3))
    #expect(Diagnoser.explain(told.flow, on: Node())?.cause == "port-closed", "without a reason")
    told = Told(state: .refused)
    #expect(Diagnoser.explain(told.flow, on: Node()) == nil, "nobody saw who refused")
  }

  @Test("an answer to a client that has gone is no fault") func clientGone() {
    var told = Told(state: .reset)
    told.packet(Told.hop(.sent))
    told.packet(isReply: true, Told.dropped(netns: 1, tuple: Told.asked.inverse))
    #expect(Diagnoser.explain(told.flow, on: Node("NO_SOCKET")) == nil)
  }

  @Test("the last sighting, when nothing died") func lost() throws {
    var told = Told()
    told.flow.syns = 3
    told.packet(
      repeats: 2, Told.hop(.encapsulated(outer: Told.outer, vni: 1)),
      Told.hop(.sent) { $0.carrier = .tunnel(outer: Told.outer, vni: 1) })
    var node = Node()
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "lost-beyond-node" && said.certainty == .likely)
    #expect(said.evidence.contains("sent 3 times"))
    #expect(said.why.contains("192.168.1.12"))

    node.owners = [Told.outer.destination.address: 4]
    let blocked = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(blocked.cause == "tunnel-blocked", "the other end is traced and saw nothing")
    told.flow.transmissions[0].hops.append(Told.hop(.received, .tcIngress, netns: 4))
    #expect(Diagnoser.explain(told.flow, on: node)?.cause == "lost-beyond-node")
  }

  @Test("what expects no answer is not lost") func unasked() {
    let many = Tuple(
      .udp, from: Told.client, to: Endpoint(Address(v4: 0xe000_00fb), 5353))
    var flow = Flow(id: 1, original: many, netns: 1, start: 0)
    flow.transmissions = [Transmission(isReply: false, hops: [Told.hop(.sent, tuple: many)])]
    #expect(Diagnoser.explain(flow, on: Node()) == nil)
    let one = Tuple(.udp, from: Told.client, to: Endpoint(Told.pod.address, 5353))
    flow.original = one
    flow.transmissions = [Transmission(isReply: false, hops: [Told.hop(.sent, tuple: one)])]
    #expect(Diagnoser.explain(flow, on: Node())?.cause == "lost-beyond-node")
  }

  @Test("a Service address that nothing translates") func notProgrammed() throws {
    var told = Told(isTranslated: false)
    told.packet(
      Told.hop(.received, .tcIngress, netns: 1, tuple: Told.asked),
      Told.hop(.passed, .nfDNATDone, tuple: Told.asked), Told.hop(.sent, tuple: Told.asked))
    var node = Node()
    #expect(Diagnoser.explain(told.flow, on: node)?.cause == "lost-beyond-node")
    node.programmed = [Address(v4: 0x0a60_0001), Address(v4: 0x0a60_000a)]
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "service-not-programmed" && said.layer == .service)
    #expect(said.evidence.contains { $0.contains("2 Service addresses") })
    node.programmed = [Address(v4: 0x0a61_0001), Address(v4: 0x0a61_000a)]
    #expect(Diagnoser.explain(told.flow, on: node)?.cause == "lost-beyond-node", "another range")
    node.wanted = [Told.service.address]
    #expect(Diagnoser.explain(told.flow, on: node)?.certainty == .likely, "the user says it is one")
    node.programmed.append(Told.service.address)
    #expect(Diagnoser.explain(told.flow, on: node)?.cause == "lost-beyond-node", "it has a rule")
  }

  @Test("healthy") func healthy() {
    var told = Told(state: .completed)
    told.packet(Told.hop(.sent), Told.hop(.delivered, .nfFilterDone, netns: 3))
    #expect(Diagnoser.explain(told.flow, on: Node()) == nil)
  }

  @Test("frees that are no drops") func harmless() {
    func isHarmless(_ node: Node, _ tuple: Tuple = Told.translated) -> Bool {
      HarmlessDrops.contains(Told.dropped(tuple: tuple).event, on: node)
    }
    #expect(isHarmless(Node("QUEUE_PURGE")) && isHarmless(Node("OTHERHOST")))
    #expect(!isHarmless(Node("NETFILTER_DROP")) && !isHarmless(Node("NO_SOCKET")))
    #expect(isHarmless(Node(in: "tcp_v4_rcv+0x10")) && !isHarmless(Node(in: "ip_forward+0x10")))
    #expect(!isHarmless(Node()))
    let echo = Tuple(.icmp, from: Told.client, to: Endpoint(Told.pod.address, 0))
    #expect(isHarmless(Node("NO_SOCKET", in: "ping_rcv+0x88"), echo))
  }
}
