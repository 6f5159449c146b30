import Diagnosis
import FlowFixtures
import FlowModel
import Rendering
import Testing

/// Columns, width, colour, and names that want to be more than names.
@Suite struct FlowTextLayoutTests {
  /// Timeline rows only.
  private func rows(_ text: String) -> [Substring] {
    text.split(separator: "\n").filter { $0.drop { $0 == " " }.first == "+" }
  }

  private func conversation(ipv6: Bool) throws -> Flow {
    var sample = SampleFlow(ipv6: ipv6)
    sample.conversation()
    return try #require(sample.flow())
  }

  @Test("columns begin at the same place in every row", arguments: [false, true], [1, 2])
  func aligned(_ ipv6: Bool, _ verbosity: Int) throws {
    let rows = rows(render(try conversation(ipv6: ipv6), verbosity: verbosity)).map(Array.init)
    let first = String(try #require(rows.first))
    func column(_ word: String) throws -> Int {
      first.distance(
        from: first.startIndex, to: try #require(first.firstRange(of: word)).lowerBound)
    }
    let columns = [try column("client"), try column("eth0"), try column("out")]
    #expect(rows.count >= 12)
    for row in rows {
      for at in columns {
        #expect(row[at] != " " && row[at - 1] == " " && row[at - 2] == " ", "\(String(row))")
      }
    }
  }

  @Test("IPv6 endpoints are in brackets, in lines of their own columns") func ipv6() throws {
    let text = render(try conversation(ipv6: true), verbosity: 1)
    #expect(
      text.hasPrefix(
        "✓ TCP [fd00:10:244::105]:43122 → default/web [fd00:10:244::32]:80 ⇒ "
          + "[fd00:10:244::208]:8080   ok"))
    #expect(
      text.contains(
        "  out        SYN  [fd00:10:244::105]:43122 → [fd00:10:244::32]:80\n"))
    #expect(text.contains("PREROUTING   DNAT       → [fd00:10:244::208]:8080   endpoint 2 of 3\n"))
  }

  @Test("IPv4 timelines fit a terminal of 100 columns, IPv6 ones 120") func width() throws {
    var dropped = SampleFlow()
    dropped.dropped(0)
    dropped.dropped(1_100_000)
    var tunnelled = SampleFlow()
    tunnelled.tunnelled(0)
    let flows = [try conversation(ipv6: false), dropped.flow(), tunnelled.flow()]
    for flow in flows {
      let text = render(try #require(flow), policyDrop, verbosity: 1)
      #expect(rows(text).map(\.count).max() ?? 0 <= 100)
    }
    let six = rows(render(try conversation(ipv6: true), verbosity: 1))
    #expect(six.map(\.count).max() ?? 0 <= 120)
  }

  @Test("no row ends with spaces") func trailing() throws {
    for verbosity in 0...2 {
      let text = render(try conversation(ipv6: false), policyDrop, verbosity: verbosity)
      #expect(!text.split(separator: "\n").contains { $0.last == " " })
    }
  }

  /// Without escape sequences and spaces at the ends of lines.
  private func bare(_ text: String) -> String {
    text.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.replacing(#/ +$/#, with: "") }.joined(separator: "\n")
  }

  @Test("colour only when asked for, and only colour", arguments: 0...2)
  func colour(_ verbosity: Int) throws {
    var sample = SampleFlow()
    sample.dropped(0)
    sample.dropped(1_100_000)
    for (flow, explanation) in [
      (try conversation(ipv6: false), nil), (try #require(sample.flow()), policyDrop),
    ] {
      let plain = render(flow, explanation, verbosity: verbosity)
      let coloured = render(flow, explanation, verbosity: verbosity, coloured: true)
      #expect(!plain.contains("\u{1b}"))
      #expect(coloured.contains("\u{1b}["))
      #expect(bare(coloured) == bare(plain))
      let ends = coloured.matches(of: #/\u{1b}\[0m/#).count
      #expect(coloured.matches(of: #/\u{1b}\[[0-9;]*m/#).count == 2 * ends, "each is ended")
    }
  }

  @Test("what is bad is red and what is good is green") func meaning() throws {
    var sample = SampleFlow()
    sample.dropped(0)
    let good = render(try conversation(ipv6: false), coloured: true)
    let bad = render(try #require(sample.flow()), policyDrop, coloured: true)
    #expect(good.hasPrefix("\u{1b}[32m✓\u{1b}[0m"))
    #expect(!good.contains("31m"))
    #expect(bad.hasPrefix("\u{1b}[1;31m✗\u{1b}[0m"))
    #expect(!bad.contains("[32m"))
  }

  @Test("names that hold control characters can't reach the terminal") func hostile() throws {
    var node = SampleNode()
    let name = "a\u{1b}]0;x\u{7}\n\u{9b}31m\u{202e}b\u{7f}"
    node.namespaces = [1: name, 2: name, 3: name]
    node.interfaces = [1: [2: name], 2: [7: name, 9: name], 3: [2: name]]
    node.serviceName = .init(
      namespace: name, name: name, port: nil, endpointIndex: 1, endpointCount: 1)
    var explanation = policyDrop
    explanation.why = name
    explanation.fix = name
    explanation.check = [name]
    explanation.evidence = [name]
    explanation.rule?.specification = name
    let text = render(try conversation(ipv6: false), explanation, verbosity: 1, on: node)
    let bad = text.unicodeScalars.filter {
      $0 != "\n" && ($0.properties.generalCategory == .control || $0.value == 0x202e)
    }
    #expect(bad.isEmpty)
    let plain = render(try conversation(ipv6: false), policyDrop, verbosity: 1)
    #expect(text.split(separator: "\n").count == plain.split(separator: "\n").count - 1)
    #expect(name.printable == "a?]0;x???31m?b?")
  }
}
