import Diagnosis
import FlowFixtures
import FlowModel
import Foundation
import Merging
import Recording
import Testing

/// Two nodes' recordings of one connection, made by hand: the client's node sees a packet leave, the
/// server's node sees it come.
private struct TwoNodes {
  /// ns the second node's clock is ahead.
  var skew: Int64 = 0
  /// ns from node to node.
  var delay: UInt64 = 200_000
  var merger = Merger(labels: ["node1", "node2"])
  private(set) var lines: [[EventRecord]] = [[], []]

  private func header(_ node: Int) -> HeaderRecord {
    let boottime: UInt64 = node == 0 ? 5_000_000_000 : 900_000_000_000
    return HeaderRecord(
      version: "0.1.0", node: "node\(node + 1)", kernel: "6.12.0", backend: "netfilter",
      namespaces: ["host"], selection: "default/web",
      clock: HeaderRecord.Clock(
        boottime: boottime,
        realtime: UInt64(1_700_000_000_000_000_000 + (node == 0 ? 0 : skew))),
      services: [
        HeaderRecord.ServiceRecord(
          service: "default/web", port: nil, transport: "tcp", frontends: [], nodePort: nil,
          endpoints: [Peer(SampleFlow().server)])
      ])
  }

  /// `time`: ns since the first node's recording began, of what happens on that node.
  private mutating func see(
    _ node: Int, _ time: UInt64, _ hook: Hook, _ interface: UInt32, _ tuple: Tuple, ttl: UInt8,
    _ change: (inout Event) -> Void
  ) throws {
    let boottime: UInt64 = node == 0 ? 5_000_000_000 : 900_000_000_000
    var event = Event(time: boottime + time, netns: 2, hook: hook, tuple: tuple)
    event.interface = interface
    event.length = 60
    event.ttl = ttl
    event.skb = 0xffff_8880_0000_1000
    change(&event)
    var text = RecordLines()
    text.append(event, on: SampleNode())
    lines[node].append(try JSONDecoder().decode(EventRecord.self, from: Data(text.bytes)))
  }

  /// A packet of the client, or with `isReply` of the server; unless it is lost the other node has it.
  mutating func packet(
    _ time: UInt64, _ flags: TCPFlags, sequence: UInt32, isReply: Bool = false, isLost: Bool = false
  ) throws {
    let sample = SampleFlow()
    let inner = Tuple(.tcp, from: sample.client, to: sample.server)
    let tuple = isReply ? inner.inverse : inner
    let outer = Tuple(
      .udp, from: Endpoint(Address(v4: isReply ? 0xc0a8_010c : 0xc0a8_010b), 40000),
      to: Endpoint(Address(v4: isReply ? 0xc0a8_010b : 0xc0a8_010c), 8472))
    func packet(_ event: inout Event) {
      event.tcpFlags = flags
      event.sequence = sequence
    }
    let (from, to) = isReply ? (1, 0) : (0, 1)
    try see(from, time, .tcIngress, 7, tuple, ttl: 64, packet)
    try see(from, time + 30_000, .tcEgress, 3, tuple, ttl: 63) {
      packet(&$0)
      $0.carrier = .tunnel(outer: outer, vni: 1)
    }
    guard !isLost else { return }
    try see(to, time + 30_000 + delay, .tcIngress, 3, tuple, ttl: 63) {
      packet(&$0)
      $0.carrier = .tunnel(outer: outer, vni: 1)
    }
    try see(to, time + 60_000 + delay, .tcEgress, 9, tuple, ttl: 62, packet)
  }

  /// The merged connections.
  mutating func merged() -> [FlowRecord] {
    for node in 0...1 {
      merger.learn(.header(header(node)), of: node)
      for event in lines[node] { merger.learn(.event(event), of: node) }
      var summary = Summary().record(duration: 60_000_000_000, eventsLost: 0)
      summary.duration = 60_000_000_000
      merger.learn(.summary(summary), of: node)
    }
    merger.settle()
    let all = lines.enumerated().flatMap { node, events in events.map { (node, $0) } }
      .sorted { merger.time($0.1, of: $0.0) < merger.time($1.1, of: $1.0) }
    for (node, event) in all { merger.add(event, of: node) }
    return merger.finished(now: .max)
  }
}

@Suite struct ClockOffsetTests {
  @Test(
    "the skew is found within the uncertainty that is stated",
    arguments: [0, 37_000_000, -1_500_000_000] as [Int64])
  func skew(_ skew: Int64) throws {
    var nodes = TwoNodes(skew: skew)
    try nodes.packet(2_000_000_000, .syn, sequence: 1)
    try nodes.packet(2_001_000_000, [.syn, .ack], sequence: 7, isReply: true)
    try nodes.packet(2_002_000_000, .ack, sequence: 2)
    let flows = nodes.merged()
    let clock = try #require(nodes.merger.nodes[1].clock)
    let uncertainty = try #require(clock.uncertainty)
    #expect(abs(clock.offset - skew) <= uncertainty)
    #expect(uncertainty == 200_000, "the delay of the fastest packets, both ways")
    #expect(clock.packets == 3)
    #expect(flows.count == 1, "one connection, not one a node")
    let way = try #require(flows.first?.timeline.first)
    #expect(way.hops.map(\.netns).contains { $0.hasPrefix("node1") })
    #expect(way.hops.map(\.netns).contains { $0.hasPrefix("node2") })
    let times = way.hops.map(\.time)
    #expect(times == times.sorted())
    #expect(nodes.merger.nodes[0].clock == nil)
  }

  @Test("packets one way only leave the offset open on one side") func oneWay() throws {
    var nodes = TwoNodes(skew: 5_000_000)
    try nodes.packet(2_000_000_000, .syn, sequence: 1)
    _ = nodes.merged()
    let clock = try #require(nodes.merger.nodes[1].clock)
    #expect(clock.uncertainty == nil && clock.offset == 5_200_000)
  }

  @Test("no packet in common: nothing is said of the clock") func none() throws {
    var nodes = TwoNodes()
    try nodes.packet(2_000_000_000, .syn, sequence: 1, isLost: true)
    _ = nodes.merged()
    #expect(nodes.merger.nodes[1].clock == nil)
  }

  @Test("what one sent and the other never saw was lost in between") func lost() throws {
    var nodes = TwoNodes()
    for i: UInt64 in 0..<3 {
      try nodes.packet(2_000_000_000 + i * 1_000_000_000, .syn, sequence: 1, isLost: true)
    }
    let flow = try #require(nodes.merged().first)
    let diagnosis = try #require(flow.diagnosis)
    #expect(diagnosis.cause == "lost-between-nodes" && diagnosis.certainty == .certain)
    #expect(diagnosis.why.contains("node1 sent them") && diagnosis.why.contains("node2"))
    #expect(diagnosis.evidence.joined().contains("VXLAN from 192.168.1.11 to 192.168.1.12:8472"))
  }

  @Test("a connection that works is not blamed, nor one the other node was not recorded for")
  func innocent() throws {
    var nodes = TwoNodes()
    try nodes.packet(2_000_000_000, .syn, sequence: 1)
    try nodes.packet(2_001_000_000, [.syn, .ack], sequence: 7, isReply: true)
    #expect(nodes.merged().allSatisfy { $0.diagnosis == nil })
    var late = TwoNodes()
    try late.packet(90_000_000_000, .syn, sequence: 1, isLost: true)
    #expect(late.merged().allSatisfy { $0.diagnosis == nil }, "the recording had ended")
  }
}
