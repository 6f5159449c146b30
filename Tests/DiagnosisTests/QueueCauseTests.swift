import Diagnosis
import FlowModel
import Testing

@Suite struct QueueCauseTests {
  private func lost(_ qdisc: String, state: FlowState = .noAnswer) -> Explanation? {
    var node = Node("QDISC_DROP", in: "__dev_queue_xmit+0x7ee")
    node.states[2] = NetworkState(devices: [3: .init(index: 3, name: "eth0")])
    node.states[2]?.devices[3]?.qdisc = qdisc
    var told = Told(state: state)
    told.flow.retransmissions = 2
    told.packet(repeats: 1, Told.dropped { $0.outInterface = 3 })
    return Diagnoser.explain(told.flow, on: node)
  }

  @Test("a full queue is told from loss on purpose by the qdisc") func netem() throws {
    let full = try #require(lost("tbf"))
    #expect(full.cause == "congestion" && full.why.contains("eth0 on node1 (qdisc tbf) is full"))
    let emulated = try #require(lost("netem"))
    #expect(emulated.cause == "congestion" && emulated.layer == .node)
    #expect(emulated.why.contains("netem of eth0 on node1 loses packets"))
    #expect(!emulated.why.contains("full") && emulated.fix.contains("tc qdisc del dev eth0 root"))
    #expect(emulated.evidence.contains("2 retransmissions"))
  }
}
