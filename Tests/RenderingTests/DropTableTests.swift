import Diagnosis
import FlowCorrelation
import FlowFixtures
import FlowModel
import Rendering
import Testing

@Suite struct DropTableTests {
  private func rows() throws -> [DropTable.Row] {
    var groups = DropGroups()
    for port: UInt16 in [43122, 43123] {
      var sample = SampleFlow(clientPort: port)
      for i in 0..<3 { sample.dropped(UInt64(i) * 1000) }
      for event in sample.events { groups.ingest(event) }
    }
    return groups.ranked().map { DropTable.Row($0, policyDrop) }
  }

  private func text(_ rows: [DropTable.Row], height: Int = 40, coloured: Bool = false) -> String {
    DropTable(style: Style(isColoured: coloured))
      .render(rows, interval: 2, height: height, on: SampleNode())
  }

  @Test("a group is its numbers, its place, its cause and what to do") func whole() throws {
    #expect(
      text(try rows()) == """
        RATE/S  PACKETS  FLOWS  CAUSE        LAYER   WHERE             TO
           3.0        6      2  policy-drop  policy  node1 vethclient  TCP 10.244.2.8:8080
                a NetworkPolicy drops it
                NETFILTER_DROP in nf_hook_slow+0xb3
                -A KUBE-POLICY-DEMO -d 10.244.2.8/32 -j DROP  (certain)
                fix  allow it in the NetworkPolicy

        """)
  }

  @Test("what does not fit is counted, not cut") func height() throws {
    let one = try #require(rows().first)
    let cut = text([one, one, one], height: 9)
    #expect(cut.hasSuffix("… 2 more\n"))
    #expect(cut.split(separator: "\n").count <= 9)
  }

  @Test("colour only when asked for") func colour() throws {
    #expect(try !text(rows()).contains("\u{1b}"))
    #expect(try text(rows(), coloured: true).contains("\u{1b}[1;31m"))
  }
}
