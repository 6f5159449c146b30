public import Diagnosis
internal import FlowModel

/// Findings about a node as lines for people.
public struct ExaminationText {
  private let style: Style

  public init(style: Style) { self.style = style }

  /// A line each; what is missing with what that costs and how to get it.
  public func render(_ findings: [Finding], title: String) -> String {
    let width = findings.map(\.name.count).max() ?? 0
    let indent = String(repeating: " ", count: width + 6)
    var text = style.bold(title.printable) + "\n\n"
    for finding in findings {
      text +=
        "  \(mark(finding.state)) \(finding.name.padded(width))  \(finding.detail.printable)\n"
      if let costs = finding.costs { text += indent + style.dim("costs  ") + costs + "\n" }
      if let get = finding.get { text += indent + style.dim("get    ") + get.printable + "\n" }
    }
    return text + "\n" + verdict(findings) + "\n"
  }

  private func mark(_ state: Finding.State) -> String {
    switch state {
    case .ok: style.green("✓")
    case .note: style.dim("·")
    case .missing: style.yellow("!")
    case .fatal: style.red("✗")
    }
  }

  private func verdict(_ findings: [Finding]) -> String {
    if findings.contains(where: { $0.state == .fatal }) {
      return style.red("tracing can't work here")
    }
    let missing = findings.filter { $0.state == .missing }.count
    return missing == 0
      ? style.green("all there")
      : style.yellow("tracing works; \(counted(missing, "thing")) missing")
  }
}
