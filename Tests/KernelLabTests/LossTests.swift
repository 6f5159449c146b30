import Foundation
import Testing

extension LabTests {
  /// Scenarios that lose some packets of many.
  @Suite(.serialized) struct Losses {
    /// Entries that conntrack of node1 could not insert, by `conntrack -S`.
    private static func insertFailed() throws -> Int {
      try Lab.inside("node1", "conntrack", "-S").output
        .split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("insert_failed=") }
        .compactMap { Int($0.dropFirst("insert_failed=".count)) }.reduce(0, +)
    }

    @Test("24: the one of two questions that lost, as often as conntrack counts")
    func race() throws {
      try Lab.lab("up")
      let before = try Self.insertFailed()
      // the second Service comes with the fault
      let trace = try Lab.scenario(
        "conntrack-race",
        ["--svc", "10.96.0.10", "--svc", "10.96.0.11"]
          + Lab.netns("node1", "node2", "client", "dns"))
      let lost = trace.flows.filter { $0.diagnosis != nil }
      #expect(trace.status == 1)
      #expect(try lost.count == Self.insertFailed() - before, "\(trace.errors)")
      try #require(!lost.isEmpty, "\(trace.errors)")
      for flow in lost {
        let diagnosis = try #require(flow.diagnosis)
        #expect(diagnosis.cause == "conntrack-race" && diagnosis.layer == "service")
        #expect(diagnosis.certainty == "certain", "\(diagnosis.evidence)")
        let other = flow.destination.address == "10.96.0.10" ? "10.96.0.11" : "10.96.0.10"
        let words = "\(flow.source.text) → \(other):53 was on its way"
        #expect(diagnosis.evidence.contains { $0.hasPrefix(words) }, "\(diagnosis.evidence)")
        #expect(flow.drops.map(\.netns) == ["kft-node1"] && flow.state == "no-answer")
        let winner = trace.flows.filter { $0.source == flow.source && $0.diagnosis == nil }
        #expect(winner.map(\.destination.address) == [other])
        #expect(winner.allSatisfy { $0.state == "completed" })
      }
    }

    @Test("37: netem is named; a kernel without it refuses in one line") func netem() throws {
      try Lab.lab("up")
      let attempt = try Lab.inside("outside", "tc", "qdisc", "add", "dev", "lo", "root", "netem")
      guard attempt.status == 0 else {
        let refused = try Lab.run("\(Lab.root)/scripts/lab", "fault", "random-loss")
        #expect(refused.status != 0)
        let lines = refused.errors.split(separator: "\n")
        #expect(lines.count == 1 && refused.errors.contains("has no sch_netem"), "\(lines)")
        return
      }
      try Lab.inside("outside", "tc", "qdisc", "del", "dev", "lo", "root")
      let trace = try Lab.scenario(
        "random-loss",
        ["--svc", "10.96.0.62"] + Lab.netns("node1", "node2", "client", "web2"))
      let lost = trace.flows.filter { $0.diagnosis != nil }
      try #require(!lost.isEmpty, "\(trace.errors)")
      for flow in lost {
        let diagnosis = try #require(flow.diagnosis)
        #expect(diagnosis.cause == "congestion" && diagnosis.layer == "node")
        #expect(diagnosis.why.contains("netem of eth0 on kft-node1 loses packets"))
        #expect(flow.drops.allSatisfy { $0.netns == "kft-node1" && $0.reason == "QDISC_DROP" })
      }
      let healthy = trace.flows.filter { $0.drops.isEmpty }
      #expect(healthy.allSatisfy { $0.diagnosis == nil })
    }
  }
}
