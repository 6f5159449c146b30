import Diagnosis
import FlowModel
import Testing

@Suite struct QueueCauseTests {
  private func lost(_ qdisc: String, name: String = "eth0", state: FlowState = .noAnswer)
    -> Explanation?
  {
    var node = Node("QDISC_DROP", in: "__dev_queue_xmit+0x7ee")
    node.states[2] = NetworkState(devices: [3: .init(index: 3, name: name)])
    node.states[2]?.devices[3]?.qdisc = qdisc
    var told = Told(state: state)
    told.flow.retransmissions = 2
    told.packet(repeats: 1, Told.dropped { $0.outInterface = 3 })
    return Diagnoser.explain(told.flow, on: node)
  }

  @Test("a command to copy runs nothing but itself, whatever devices are called") func words()
    throws
  {
    for (name, word) in [
      ("eth0.100@x", "eth0.100@x"), ("a;id", "'a;id'"), ("$(id)", "'$(id)'"),
      ("it's", #"'it'\''s'"#),
    ] {
      let full = try #require(lost("tbf", name: name))
      #expect(
        full.check.contains { $0.hasSuffix(" tc -s qdisc show dev \(word)") }, "\(full.check)")
      #expect(full.why.contains("\(name) on node1"))
    }
  }

  @Test("a full queue is told from loss on purpose by the qdisc") func netem() throws {
    let full = try #require(lost("tbf"))
    #expect(full.cause == "congestion" && full.why.contains("eth0 on node1 (qdisc tbf) is full"))
    let emulated = try #require(lost("netem"))
    #expect(emulated.cause == "congestion" && emulated.layer == .node)
    #expect(emulated.why.contains("netem of eth0 on node1 loses packets"))
    #expect(!emulated.why.contains("full") && emulated.fix.contains("tc qdisc del dev eth0 root"))
    let changed = try #require(lost("noqueue"))
    #expect(changed.cause == "congestion" && !changed.why.contains("full"))
    #expect(changed.why.hasPrefix("eth0 on node1, which has no queue, was being changed"))
    #expect(emulated.evidence.contains("2 retransmissions"))
  }
}
