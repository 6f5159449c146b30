public import Diagnosis
public import FlowCorrelation
internal import FlowModel

/// Groups of drops as a table for a terminal.
public struct DropTable {
  /// A group with what is known of it.
  public struct Row {
    public var group: DropGroup
    public var explanation: Explanation?

    public init(_ group: DropGroup, _ explanation: Explanation?) {
      self.group = group
      self.explanation = explanation
    }
  }

  private let style: Style

  public init(style: Style) { self.style = style }

  /// `interval`: seconds that `recent` is of, for the rate; `height`: lines there is room for.
  public func render(
    _ rows: [Row], interval: Double, height: Int, on node: any NodeView
  ) -> String {
    let head = [["RATE/S", "PACKETS", "FLOWS", "CAUSE", "LAYER", "WHERE", "TO"]]
    let table = head + rows.map { cells($0, interval, node) }
    let widths = (0..<7).map { column in table.map { $0[column].count }.max() ?? 0 }
    var text = style.dim(line(table[0], widths)) + "\n"
    var used = 2
    for (i, row) in rows.enumerated() {
      let more = details(row, node)
      guard used + 1 + more.count < height else {
        text += style.dim("… \(rows.count - i) more") + "\n"
        break
      }
      used += 1 + more.count
      let isActive = row.group.recent > 0
      let first = line(table[i + 1], widths)
      text += (isActive ? style.red(first) : first) + "\n"
      for detail in more { text += "        " + detail + "\n" }
    }
    return text
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = cells.enumerated().map { column, cell in
      column < 3 ? cell.leftPadded(widths[column]) : cell.padded(widths[column])
    }
    var line = padded.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }

  private func cells(_ row: Row, _ interval: Double, _ node: any NodeView) -> [String] {
    let group = row.group
    let tenths = interval > 0 ? Int(Double(group.recent) / interval * 10) : 0
    let device =
      group.key.interface == 0
      ? "" : " " + node.interfaceName(group.key.interface, in: group.key.netns)
    return [
      "\(tenths / 10).\(tenths % 10)", "\(group.packets)",
      group.flows < 1024 ? "\(group.flows)" : "1024+", row.explanation?.cause ?? "-",
      row.explanation?.layer.rawValue ?? "-",
      (node.namespaceName(group.key.netns) + device).printable,
      "\(group.key.proto) \(group.key.destination)",
    ]
  }

  private func details(_ row: Row, _ node: any NodeView) -> [String] {
    let event = row.group.sample
    let place = node.place(event.location).map { " in \($0)" } ?? ""
    var lines = [style.dim("\(node.reasonName(event.dropReason))\(place)")]
    guard let explanation = row.explanation else { return lines }
    lines.insert(explanation.why.printable, at: 0)
    if let rule = explanation.rule {
      lines.append(rule.text.printable + style.dim("  (\(rule.certainty.rawValue))"))
    }
    lines.append(style.dim("fix  ") + explanation.fix.printable)
    return lines
  }
}
