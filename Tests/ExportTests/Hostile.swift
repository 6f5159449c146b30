import Diagnosis
import FlowFixtures
import FlowModel
import Recording
import Testing

/// Recordings of a node that means harm.
enum Hostile {
  /// Names a node can have that are hard on a page.
  static let names = [
    "</script><img src=x onerror=alert(1)>", "<!--<script>", "]]></style><svg onload=alert(1)>",
    "\" onmouseover=\"alert(1)", "&lt;b&gt; &amp;", "separators \u{2028}\u{2029}",
    "right \u{202e} to left",
    "nul\0and \u{1b}[31m", "\\u003c/script\\u003e", "${alert(1)} `x`", "javascript:alert(1)",
    "日本語 🎉", "",
  ]

  /// A failed connection; everything that has a name has this one.
  static func record(_ name: String, number: Int = 0) throws -> Record {
    var node = SampleNode()
    node.namespaces = [1: name, 2: name]
    node.interfaces = [1: [2: name], 2: [7: name]]
    node.serviceName?.name = name
    var explanation = policyDrop
    explanation.cause = name
    explanation.why = name
    explanation.evidence = [name]
    explanation.check = [name]
    explanation.fix = name
    explanation.rule?.specification = name
    node.finding = explanation.rule
    var sample = SampleFlow(clientPort: UInt16(1000 + number))
    sample.dropped(0)
    let flow = try #require(sample.flow(id: UInt64(number) + 1))
    return .flow(FlowRecord(flow, explanation, on: node))
  }
}
