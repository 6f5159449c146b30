import Diagnosis
import FlowFixtures
import FlowModel
import Recording
import Testing

/// Names a node can have that are hard on a line of JSON.
private let hardNames = [
  "two\nlines", "carriage\r\nreturn", "\"quoted\" \\ back", "tab\tand bell\u{7}", "nul\0byte",
  "escape\u{1b}[31m", "separators \u{2028}\u{2029}\u{85}", "slash / and </script>", "日本語 🎉", "",
  String(decoding: [0x66, 0xff, 0xfe, 0x66, 0xc3] as [UInt8], as: UTF8.self),
  String(repeating: "x", count: 100_000),
]

@Suite struct JSONLinesTests {
  private func flow() throws -> Flow {
    var sample = SampleFlow()
    sample.dropped(0)
    return try #require(sample.flow())
  }

  private func explanation(_ name: String) -> Explanation {
    var explanation = policyDrop
    explanation.rule?.comment = name
    explanation.why = name
    explanation.evidence = [name, name]
    return explanation
  }

  @Test("a line is one line, whatever is in it", arguments: hardNames)
  func oneLine(_ name: String) throws {
    var node = SampleNode()
    node.namespaces = [1: name, 2: name]
    let line = RecordingTests.line(FlowRecord(try flow(), explanation(name), on: node))
    #expect(line.utf8.last == 10)
    #expect(line.utf8.count { $0 == 10 } == 1)
    #expect(!line.utf8.contains { $0 < 32 && $0 != 10 })
    let read = try JSON.parse(line)
    #expect(read["diagnosis"]?["rule"]?["comment"] == .text(name))
    #expect(read["diagnosis"]?["evidence"]?[1] == .text(name))
    #expect(read["drops"]?[0]?["netns"] == .text(name))
  }

  @Test("Python reads back what was written") func secondOpinion() throws {
    let text = try hardNames.map {
      RecordingTests.line(FlowRecord(try flow(), explanation($0), on: SampleNode()))
    }.joined()
    let script = """
      import json, sys
      for line in sys.stdin.buffer.read().decode("utf-8").split("\\n")[:-1]:
          flow = json.loads(line)
          assert isinstance(flow["start"], int) and isinstance(flow["mayMissEvents"], bool)
          why = flow["diagnosis"]["why"]
          assert why == flow["diagnosis"]["rule"]["comment"]
          print(flow["start"], flow["mayMissEvents"], len(why.encode()), sum(why.encode()))
      """
    let expected = hardNames.map { name in
      "5000000000 False \(name.utf8.count) \(name.utf8.reduce(0) { $0 + Int($1) })\n"
    }
    #expect(try python(script, text) == expected.joined())
  }

  @Test("equal flows give equal lines, no key twice") func stable() throws {
    let one = RecordingTests.line(FlowRecord(try flow(), policyDrop, on: SampleNode()))
    let other = RecordingTests.line(FlowRecord(try flow(), policyDrop, on: SampleNode()))
    #expect(one == other)
    let script = """
      import json, sys
      def ordered(pairs):
          keys = [k for k, _ in pairs]
          assert len(keys) == len(set(keys)), keys
          return dict(pairs)
      print(len(json.loads(sys.stdin.read(), object_pairs_hook=ordered)))
      """
    #expect(try python(script, one) == "22\n")
  }

  @Test("slashes stay as they are") func slashes() throws {
    let line = try JSONLines().line(["path": "/run/netns/a"])
    #expect(line == "{\"path\":\"/run/netns/a\"}\n")
  }

  @Test("a buffer is used for many lines") func many() throws {
    var lines = RecordLines()
    let record = FlowRecord(try flow(), policyDrop, on: SampleNode())
    lines.append(record)
    let first = lines.bytes
    for _ in 0..<3 { lines.append(record) }
    #expect(lines.bytes == first + first + first + first)
    lines.removeAll()
    lines.append(record)
    #expect(lines.bytes == first)
  }
}
