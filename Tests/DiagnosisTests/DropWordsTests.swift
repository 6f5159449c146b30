import Diagnosis
import FlowModel
import Testing

/// What is said of a drop that no cause of ours claims.
@Suite struct DropWordsTests {
  private func explain(_ node: Node) throws -> Explanation {
    var told = Told()
    told.packet(Told.hop(.sent, netns: 1, tuple: Told.asked), Told.dropped { $0.interface = 3 })
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "drop")
    #expect(!said.fix.contains("dropreason-core.h"))
    return said
  }

  @Test("the reason's words: what, cause, layer, fix") func reason() throws {
    let said = try explain(Node("SECURITY_HOOK", in: "nf_hook_slow+0x1"))
    let words = try #require(ReasonWords(named: "SECURITY_HOOK"))
    #expect(said.layer == .policy && said.certainty == .certain && said.fix == words.fix)
    #expect(said.why.contains("nf_hook_slow+0x1: SECURITY_HOOK. \(words.what)"))
    #expect(said.why.hasSuffix("Usually: \(words.usually)"))
  }

  @Test("commands run where it happened, with the device's name") func commands() throws {
    let said = try explain(Node("PKT_TOO_SMALL", in: "ip_rcv_core+0x1"))
    #expect(
      said.check == [
        "ip netns exec node1 nstat -az IpInTruncatedPkts",
        "ip netns exec node1 tcpdump -ni if3 -vv",
      ])
  }

  @Test("no reason: a function with one takes that one's fix") func function() throws {
    let said = try explain(Node(in: "ip_expire+0x8"))
    #expect(said.layer == .podNetwork && said.certainty == .inferred)
    #expect(said.fix == ReasonWords(named: "FRAG_REASM_TIMEOUT")?.fix)
    #expect(said.check.first == "ip netns exec node1 nstat -az IpReasmTimeout Ip6ReasmTimeout")
  }

  @Test("no reason: of a function with several the usual causes are said") func several() throws {
    let words = try #require(FunctionWords(named: "ip_rcv_core"))
    let said = try explain(Node(in: "ip_rcv_core+0x8"))
    #expect(said.fix == "usually: \(words.usually)")
    #expect(said.why.hasSuffix(words.what) && said.check.count == 3)
  }

  @Test("a reason of anybody's takes the layer of its function") func layer() throws {
    #expect(try explain(Node("TCP_CLOSE", in: "tcp_v4_rcv+0x1")).layer == .application)
    #expect(try explain(Node("TCP_CLOSE", in: "unknown+0x1")).layer == .node)
  }

  @Test("no words at all: where to look") func unknown() throws {
    let said = try explain(Node("SUBSYSTEM_3_99", in: "some_module_rcv+0x1"))
    #expect(said.why == "the kernel dropped it in some_module_rcv+0x1: SUBSYSTEM_3_99")
    #expect(said.layer == .node && said.check.first == "dmesg | tail")
    #expect(said.fix.contains("some_module_rcv+0x1"))
  }
}
