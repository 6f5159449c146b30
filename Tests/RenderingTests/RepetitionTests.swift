import Diagnosis
import FlowFixtures
import FlowModel
import Recording
import Rendering
import Testing

/// What was shown in full once is one line the next time.
@Suite struct RepetitionTests {
  private let node = SampleNode()

  private func dropped(_ port: UInt16) throws -> Flow {
    var sample = SampleFlow(clientPort: port)
    sample.dropped(0)
    return try #require(sample.flow())
  }

  private func healthy(_ port: UInt16) throws -> Flow {
    var sample = SampleFlow(clientPort: port)
    sample.conversation()
    return try #require(sample.flow())
  }

  private func text(verbosity: Int) -> FlowText {
    FlowText(style: Style(isColoured: false), verbosity: verbosity)
  }

  @Test("a failure explained before is one line that says so") func failure() throws {
    var text = text(verbosity: 0)
    let first = text.render(FlowRecord(try dropped(1001), policyDrop, on: node))
    #expect(first.contains("\n      why "))
    #expect(first.hasSuffix("\n\n"))
    #expect(
      text.render(FlowRecord(try dropped(1002), policyDrop, on: node)) == """
        ✗ TCP 10.244.1.5:1002 → default/web 10.96.0.50:80 ⇒ 10.244.2.8:8080   no answer, 1 dropped   policy-drop as above

        """)
  }

  @Test("a failure of the same kind by another rule is explained again") func otherRule() throws {
    var text = text(verbosity: 0)
    _ = text.render(FlowRecord(try dropped(1001), policyDrop, on: node))
    var other = policyDrop
    other.rule?.specification = "-A FORWARD -j DROP"
    #expect(
      text.render(FlowRecord(try dropped(1002), other, on: node)).contains("-A FORWARD -j DROP"))
    #expect(text.render(FlowRecord(try dropped(1003), policyDrop, on: node)).contains("as above\n"))
  }

  @Test("with -v each failure is explained in full", arguments: [1, 2])
  func verbose(_ verbosity: Int) throws {
    var text = text(verbosity: verbosity)
    for port: UInt16 in 1001...1003 {
      let shown = text.render(FlowRecord(try dropped(port), policyDrop, on: node))
      #expect(shown.contains("\n      why "))
      #expect(!shown.contains("as above"))
    }
  }

  @Test("with -v a way shown before is one line, another way is not") func ways() throws {
    var text = text(verbosity: 1)
    #expect(text.render(FlowRecord(try healthy(1001), nil, on: node)).contains("PREROUTING"))
    let second = text.render(FlowRecord(try healthy(1002), nil, on: node))
    #expect(second.hasSuffix("   ok, 4+3 packets, 3.0 ms   the same way as above\n"))
    #expect(second.split(separator: "\n").count == 1)
    var elsewhere = node
    elsewhere.namespaces[3] = "web3"
    #expect(text.render(FlowRecord(try healthy(1003), nil, on: elsewhere)).contains("PREROUTING"))
  }

  @Test("with -vv nothing is left out") func everything() throws {
    var text = text(verbosity: 2)
    let first = text.render(FlowRecord(try healthy(1001), nil, on: node))
    let second = text.render(FlowRecord(try healthy(1002), nil, on: node))
    #expect(second == first.replacing(":1001", with: ":1002"))
  }

  @Test("healthy lines are never left out") func healthyLines() throws {
    var text = text(verbosity: 0)
    for _ in 0..<3 {
      #expect(
        text.render(FlowRecord(try healthy(1001), nil, on: node)).hasSuffix(
          "ok, 4+3 packets, 3.0 ms\n"))
    }
  }
}
