import Diagnosis
import FlowFixtures
import FlowModel
import Foundation
import Recording
import Testing

@Suite struct FlowRecordTests {
  private func json(
    _ flow: Flow, _ explanation: Explanation? = nil, on node: SampleNode = SampleNode()
  ) throws -> JSON {
    try JSON.parse(line(FlowRecord(flow, explanation, on: node)))
  }

  private func healthy(ipv6: Bool = false) throws -> Flow {
    var sample = SampleFlow(ipv6: ipv6)
    sample.conversation()
    return try #require(sample.flow())
  }

  private func dropped() throws -> Flow {
    var sample = SampleFlow()
    for time: UInt64 in [0, 1_030_000, 3_080_000] { sample.dropped(time) }
    return try #require(sample.flow())
  }

  @Test("a healthy flow has these keys and no more") func keys() throws {
    let line = try json(healthy())
    #expect(
      line.keys == [
        "schema", "type", "id", "start", "end", "transport", "source", "destination", "service",
        "original", "reply", "zone", "attempts", "state", "packets", "bytes", "syns",
        "retransmissions", "drops", "timeline", "mayMissEvents",
      ])
    #expect(line["schema"] == .text("kflowtrace/1"))
    #expect(line["type"] == .text("flow"))
    #expect(line["state"] == .text("completed"))
    #expect(line["transport"] == .text("tcp"))
    #expect(line["drops"] == .array([]))
    #expect(line["packets"] == .object(["original": .integer(4), "reply": .integer(3)]))
    #expect(line["bytes"] == .object(["original": .integer(80), "reply": .integer(200)]))
    #expect(line["syns"] == .integer(1))
    #expect(line["mayMissEvents"] == .flag(false))
  }

  @Test("source and destination are the client's view, reply what the server answers")
  func tuples() throws {
    let line = try json(healthy())
    func peer(_ address: String, _ port: UInt64) -> JSON {
      .object(["address": .text(address), "port": .integer(port)])
    }
    let client = peer("10.244.1.5", 43122)
    let service = peer("10.96.0.50", 80)
    let server = peer("10.244.2.8", 8080)
    #expect(line["source"] == client)
    #expect(line["destination"] == service)
    #expect(line["original"] == .object(["source": client, "destination": service]))
    #expect(line["reply"] == .object(["source": server, "destination": client]))
    #expect(line["attempts"] == .array([server]))
  }

  @Test("the Service is named with the endpoint's place") func service() throws {
    let service = try #require(try json(healthy())["service"])
    #expect(
      service
        == .object([
          "namespace": .text("default"), "name": .text("web"), "port": .text("http"),
          "endpointIndex": .integer(2), "endpointCount": .integer(3),
        ]))
    var node = SampleNode()
    node.serviceName = nil
    #expect(try json(healthy(), on: node)["service"] == nil)
  }

  @Test("times are whole nanoseconds, in hops since the flow's start") func times() throws {
    var flow = try healthy()
    let line = try json(flow)
    #expect(line["start"] == .integer(5_000_000_000))
    #expect(line["end"] == .integer(5_003_050_000))
    let hops = try #require(line["timeline"]?[0]?["hops"])
    #expect(hops[0]?["time"] == .integer(0))
    #expect(hops[1]?["time"] == .integer(10_000))
    // exact beyond what a double holds: a node that is up for years
    flow.start = 9_007_199_254_740_993
    flow.end = .max
    let late = RecordingTests.line(FlowRecord(flow, nil, on: SampleNode()))
    #expect(late.contains("\"start\":9007199254740993,"))
    #expect(late.contains("\"end\":18446744073709551615,"))
  }

  @Test("IPv6 is text as RFC 5952 has it, without brackets") func ipv6() throws {
    let line = try json(healthy(ipv6: true))
    #expect(line["source"]?["address"] == .text("fd00:10:244::105"))
    #expect(line["destination"]?["address"] == .text("fd00:10:244::32"))
    #expect(line["reply"]?["source"]?["address"] == .text("fd00:10:244::208"))
  }

  @Test("hops have place, action and tuple; NAT, tunnels and delivery have their own")
  func timeline() throws {
    let line = try json(healthy())
    #expect(line["timeline"]?.count == 7)
    let first = try #require(line["timeline"]?[0])
    #expect(first["direction"] == .text("original"))
    #expect(first["flags"] == .text("SYN"))
    #expect(first["repeats"] == .integer(0))
    let hops = try #require(first["hops"])
    let actions = (0..<hops.count).map { hops[$0]?["action"]?.text }
    #expect(actions == ["out", "in", "dnat", "passed", "passed", "out", "in", "delivered"])
    #expect(
      hops[0]?.keys == [
        "time", "netns", "interface", "hook", "action", "tuple", "length", "detail",
      ])
    #expect(hops[0]?["netns"] == .text("client"))
    #expect(hops[0]?["interface"] == .text("eth0"))
    #expect(hops[0]?["hook"] == .text("tcEgress"))
    #expect(hops[0]?["length"] == .integer(60))
    #expect(hops[2]?["netfilterHook"] == .text("PREROUTING"))
    #expect(hops[2]?["to"]?["address"] == .text("10.244.2.8"))
    #expect(hops[2]?["endpointIndex"] == .integer(2))
    #expect(hops[2]?["original"] == nil, "it is the flow's")
    #expect(line["timeline"]?[1]?["direction"] == .text("reply"))
    #expect(line["timeline"]?[1]?["flags"] == .text("SYN-ACK"))
  }

  @Test("a tunnelled hop has the outer tuple and the VNI") func tunnel() throws {
    var sample = SampleFlow()
    sample.tunnelled(0)
    let line = try json(try #require(sample.flow()))
    let hops = try #require(line["timeline"]?[0]?["hops"])
    let last = try #require(hops[hops.count - 1])
    #expect(last["vni"] == .integer(1))
    #expect(last["outer"]?["destination"]?["port"] == .integer(8472))
    #expect(last["outer"]?["source"]?["address"] == .text("192.168.1.11"))
  }

  @Test("a drop has reason, place, rule and how many packets; the diagnosis all of its parts")
  func drop() throws {
    var node = SampleNode()
    node.finding = policyDrop.rule
    let line = try json(dropped(), policyDrop, on: node)
    #expect(line["state"] == .text("no-answer"))
    #expect(line["syns"] == .integer(3))
    #expect(line["drops"]?.count == 1)
    let drop = try #require(line["drops"]?[0])
    #expect(drop["reason"] == .text("NETFILTER_DROP"))
    #expect(drop["location"] == .text("nf_hook_slow+0xb3"))
    #expect(drop["netns"] == .text("node1"))
    #expect(drop["interface"] == .text("vethclient"))
    #expect(drop["hook"] == .text("FORWARD"))
    #expect(drop["packets"] == .integer(3))
    #expect(drop["tuple"]?["destination"]?["address"] == .text("10.244.2.8"))
    #expect(drop["rule"]?["chain"] == .text("KUBE-POLICY-DEMO"))
    let diagnosis = try #require(line["diagnosis"])
    #expect(
      diagnosis.keys == [
        "cause", "layer", "certainty", "why", "evidence", "check", "fix", "rule",
      ])
    #expect(diagnosis["cause"] == .text("policy-drop"))
    #expect(diagnosis["layer"] == .text("policy"))
    #expect(diagnosis["evidence"]?.count == 2)
    #expect(diagnosis["rule"]?["certainty"] == .text("certain"))
    #expect(line["timeline"]?[0]?["repeats"] == .integer(2))
  }

  @Test("lookups have name, type, when they were asked, and their answer") func dns() throws {
    var lookups = SampleLookups()
    lookups.lookup("web.example.cluster.local", code: 3, at: 0, port: 40000)
    lookups.packet(DNSBytes.query("web.example", id: 9), at: 1000, port: 40001)
    lookups.packet(DNSBytes.query("web.example", id: 9), at: 2_001_000, port: 40001)
    lookups.packet(
      DNSBytes.response("web.example", id: 9, data: [[10, 96, 0, 50]], ttl: 5), at: 2_001_400,
      port: 40001)
    lookups.packet(DNSBytes.query("other.example"), at: 2_002_000, port: 40002)
    let flows = lookups.flows()
    let line = try json(flows[1])
    #expect(line["dns"]?.count == 1)
    let lookup = try #require(line["dns"]?[0])
    #expect(
      lookup.keys == [
        "id", "name", "type", "asked", "retries", "state", "code", "answers", "addresses", "ttl",
        "truncated", "latency",
      ])
    #expect(lookup["id"] == .integer(9) && lookup["name"] == .text("web.example"))
    #expect(lookup["type"] == .text("A") && lookup["state"] == .text("answered"))
    #expect(lookup["asked"] == .array([.integer(0), .integer(2_000_000_000)]))
    #expect(lookup["retries"] == .integer(1) && lookup["latency"] == .integer(2_000_450_000))
    #expect(lookup["code"] == .text("NOERROR") && lookup["answers"] == .integer(1))
    #expect(lookup["addresses"] == .array([.text("10.96.0.50")]) && lookup["ttl"] == .integer(5))
    let search = try #require(line["dnsSearch"])
    #expect(search.keys == ["tried", "found", "questions", "lost"])
    #expect(search["tried"] == .array([.text("web.example.cluster.local")]))
    #expect(search["found"] == .text("web.example") && search["lost"] == .integer(1_000_000))
    let lost = try #require(json(flows[2])["dns"]?[0])
    #expect(lost["state"] == .text("unanswered") && lost["code"] == nil)
    #expect(try json(flows[2])["dnsSearch"] == nil)
  }

  @Test("each action has an identifier of its own but for the kinds of NAT undone")
  func actions() throws {
    let endpoint = Endpoint(.any, 1)
    let tuple = Tuple(.udp, from: endpoint, to: endpoint)
    let actions: [Action] = [
      .received, .sent, .destinationNAT(to: endpoint, undone: false),
      .destinationNAT(to: endpoint, undone: true), .sourceNAT(to: endpoint, undone: false),
      .sourceNAT(to: endpoint, undone: true), .encapsulated(outer: tuple, vni: 1), .decapsulated,
      .delivered, .passed, .icmpErrorMade(type: 3, code: 1), .answeredByReset, .dropped, .freed,
    ]
    var flow = try healthy()
    let event = try #require(flow.transmissions.first?.first)
    flow.transmissions = [
      Transmission(
        isReply: false, hops: actions.map { Hop(event: event, action: $0, isDetail: false) })
    ]
    let hops = try #require(try json(flow)["timeline"]?[0]?["hops"])
    let names = (0..<actions.count).compactMap { hops[$0]?["action"]?.text }
    #expect(Set(names).count == actions.count)
    #expect(names[5] == "un-dnat")
  }

  @Test("a conntrack entry that is not the flow's is told with the hop") func otherEntry() throws {
    var flow = try healthy()
    var event = try #require(flow.transmissions.first?.first)
    let inner = Tuple(.tcp, from: Endpoint(Address(v4: 1), 2), to: Endpoint(Address(v4: 3), 4))
    event.conntrack = Event.Conntrack(
      original: inner, reply: inner.inverse, status: 0, zone: 0, isReply: false)
    flow.transmissions[0].hops[0].event = event
    let hop = try #require(try json(flow)["timeline"]?[0]?["hops"]?[0])
    #expect(hop["original"]?["source"]?["port"] == .integer(2))
    #expect(hop["reply"]?["source"]?["address"] == .text("0.0.0.3"))
  }

  @Test("what is read back is what was written, and is written the same", arguments: [false, true])
  func roundTrip(_ isIPv6: Bool) throws {
    var sample = SampleFlow(ipv6: isIPv6)
    sample.tunnelled(0)
    sample.dropped(100)
    sample.conversation()
    var node = SampleNode()
    node.finding = policyDrop.rule
    let record = FlowRecord(try #require(sample.flow()), policyDrop, on: node)
    let text = line(record)
    let read = try JSONDecoder().decode(FlowRecord.self, from: Data(text.utf8))
    #expect(read == record)
    #expect(line(read) == text)
  }
}
