import Diagnosis
import FlowModel
import Testing

@Suite struct ConntrackCauseTests {
  private static func table(
    _ count: UInt64, dropped: UInt64 = 0, insertFailed: UInt64 = 0,
    before: ConntrackTable.Counters? = ConntrackTable.Counters()
  ) -> ConntrackTable {
    ConntrackTable(
      count: count, limit: 1000,
      counters: ConntrackTable.Counters(
        dropped: dropped, evicted: 3, insertFailed: insertFailed), before: before)
  }

  private func arrived(_ change: (inout Event) -> Void = { _ in }) -> Told {
    var told = Told(isTranslated: false)
    told.packet(
      repeats: 3, Told.hop(.received, .tcIngress, tuple: Told.asked),
      Told.dropped(at: .prerouting, tuple: Told.asked, change))
    return told
  }

  @Test("full: count, limit and what was counted while tracing") func full() throws {
    var node = Node("NETFILTER_DROP", in: "nf_hook_slow+0x7d")
    node.table = Self.table(1000, dropped: 12, before: .init(dropped: 8))
    let said = try #require(Diagnoser.explain(arrived().flow, on: node))
    #expect(said.cause == "conntrack-full" && said.layer == .node && said.certainty == .certain)
    #expect(said.why.contains("of node1 is full (1000 of 1000)"))
    #expect(said.evidence.contains { $0.contains("nf_conntrack_max = 1000") })
    #expect(said.evidence.contains { $0.contains("drop 12, 4 of them while tracing") })
    #expect(said.fix.contains("nf_conntrack_max=2000"))
  }

  @Test("there is room again: likely, unless a rule is found") func roomAgain() throws {
    var node = Node("NETFILTER_DROP", in: "nf_hook_slow+0x7d")
    node.table = Self.table(600, dropped: 4)
    let said = try #require(Diagnoser.explain(arrived().flow, on: node))
    #expect(said.cause == "conntrack-full" && said.certainty == .likely)
    #expect(said.why.contains("there is room again"))
    node.finding = Told.rule
    #expect(Diagnoser.explain(arrived().flow, on: node)?.cause == "policy-drop")
  }

  @Test("not full: nothing dropped while tracing, a known connection, another hook") func others() {
    var node = Node("NETFILTER_DROP", in: "nf_hook_slow+0x7d")
    #expect(Diagnoser.explain(arrived().flow, on: node)?.cause == "policy-drop", "no table")
    node.table = Self.table(1000, dropped: 8, before: .init(dropped: 8))
    #expect(Diagnoser.explain(arrived().flow, on: node)?.cause == "policy-drop")
    node.table = Self.table(1000, dropped: 9, before: .init(dropped: 8))
    let known = arrived { $0.conntrack = Self.entry(confirmed: true) }
    #expect(Diagnoser.explain(known.flow, on: node)?.cause == "policy-drop")
    var forwarded = Told()
    forwarded.packet(Told.dropped(at: .forward))
    #expect(Diagnoser.explain(forwarded.flow, on: node)?.cause == "policy-drop")
  }

  private static func entry(confirmed: Bool) -> Event.Conntrack {
    Event.Conntrack(
      original: Told.asked, reply: Told.translated.inverse, status: confirmed ? 8 : 0, zone: 0,
      isReply: false)
  }

  /// Dropped behind the last chains of POSTROUTING, as either backend sees it.
  private func raced(_ last: Hook, confirmed: Bool = false) -> Told {
    var told = Told()
    told.flow.rivals = [
      Tuple(.tcp, from: Told.client, to: Endpoint(Address(v4: 0x0a60_0033), 80))
    ]
    told.packet(
      Told.hop(.passed, last) { $0.netfilterHook = .postrouting },
      Told.dropped { $0.conntrack = Self.entry(confirmed: confirmed) })
    return told
  }

  @Test("a race: the other connection is named", arguments: [Hook.nfSNATDone, .conntrackConfirm])
  func race(_ last: Hook) throws {
    var node = Node("NETFILTER_DROP", in: "nf_hook_slow+0x7d")
    node.table = Self.table(20, dropped: 2, insertFailed: 2)
    let said = try #require(Diagnoser.explain(raced(last).flow, on: node))
    #expect(said.cause == "conntrack-race" && said.layer == .service)
    #expect(said.certainty == .certain)
    #expect(said.evidence.contains { $0.contains("10.244.1.5:43122 → 10.96.0.51:80 was on its") })
    #expect(said.evidence.contains { $0.contains("insert_failed 2, 2 of them while tracing") })
    #expect(!said.why.contains("5 s"), "that is DNS")
  }

  @Test("no race: nothing failed to be inserted, the entry is there, rules came last")
  func noRace() {
    var node = Node("NETFILTER_DROP", in: "nf_hook_slow+0x7d")
    node.finding = Told.rule
    node.table = Self.table(20, dropped: 2, insertFailed: 2, before: .init(insertFailed: 2))
    #expect(Diagnoser.explain(raced(.nfSNATDone).flow, on: node)?.cause == "policy-drop")
    node.table = Self.table(20, dropped: 2, insertFailed: 2)
    let known = raced(.nfSNATDone, confirmed: true)
    #expect(Diagnoser.explain(known.flow, on: node)?.cause == "policy-drop")
    #expect(Diagnoser.explain(raced(.nfDNATDone).flow, on: node)?.cause == "policy-drop")
  }

  @Test("DNS: how long its client waits, and what helps") func dns() throws {
    var node = Node("NETFILTER_DROP", in: "nf_hook_slow+0x7d")
    node.table = Self.table(20, insertFailed: 1)
    var told = raced(.conntrackConfirm)
    told.flow.original.destination.port = 53
    told.flow.rivals = []
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "conntrack-race" && said.certainty == .likely)
    #expect(said.why.contains("5 s by default") && said.fix.contains("single-request-reopen"))
  }
}
