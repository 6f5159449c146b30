internal import Diagnosis
internal import FlowModel
public import Recording

/// What a trace adds up to, for people.
public struct SummaryText {
  private let style: Style

  public init(style: Style) { self.style = style }

  /// The lines, each ended by a newline.
  public func render(_ summary: SummaryRecord) -> String {
    var text = style.bold(counted(summary.connections, "connection"))
    let tenths = summary.duration / 100_000_000
    text += " in \(tenths / 10).\(tenths % 10) s"
    text +=
      summary.failed == 0
      ? summary.connections == 0 ? "" : style.green(", none failed")
      : ", " + style.red("\(summary.failed) failed")
    text += "\n" + endpoints(summary)
    for spread in summary.services {
      for line in findings(spread) { text += "  \(line)\n" }
    }
    if let dns = summary.dns { text += lookups(dns) }
    for count in summary.causes {
      let mark =
        count.severity == nil
        ? style.red("✗ \(count.cause.printable)") : style.yellow("! \(count.cause.printable)")
      let packets = count.packets > 0 ? ", \(counted(count.packets, "packet")) dropped" : ""
      text +=
        "  \(mark)  layer \(count.layer.rawValue): "
        + "\(counted(count.connections, "connection"))\(packets)\n"
    }
    if summary.truncated > 0 {
      text += style.yellow(
        "  \(counted(Int(clamping: summary.truncated), "packet")) with headers cut short, not traced"
      )
      text += "\n"
    }
    text +=
      summary.eventsLost == 0
      ? style.dim("  no events lost")
      : style.yellow(
        "  \(counted(Int(clamping: summary.eventsLost), "event")) lost: timelines may have gaps; a larger "
          + "--buffer helps")
    return text + "\n"
  }

  /// One line an endpoint, whichever Services it is of.
  private func endpoints(_ summary: SummaryRecord) -> String {
    var rows: [Peer: (count: Int, failed: Int, share: String)] = [:]
    for spread in summary.services {
      for row in spread.endpoints {
        let all = spread.connections
        var share = ""
        if spread.endpointCount > 1, all >= 10 {
          share = "   \(percent(row.connections, of: all)) of \(spread.service.printable)"
        }
        let known = rows[row.endpoint]
        rows[row.endpoint] = (
          row.connections &+ (known?.count ?? 0), row.failed &+ (known?.failed ?? 0),
          known == nil ? share : ""
        )
      }
    }
    for row in summary.endpoints {
      let known = rows[row.endpoint]
      rows[row.endpoint] = (
        row.connections &+ (known?.count ?? 0), row.failed &+ (known?.failed ?? 0), ""
      )
    }
    let width = rows.keys.map { "\($0)".count }.max() ?? 0
    let sorted = rows.sorted {
      ($0.key.endpoint.address, $0.key.endpoint.port)
        < ($1.key.endpoint.address, $1.key.endpoint.port)
    }
    return sorted.map { peer, row in
      let bad = row.failed > 0 ? style.red("   \(row.failed) failed") : ""
      return
        "  \("\(peer)".padded(width))\("\(row.count)".leftPadded(6))\(style.dim(row.share))\(bad)\n"
    }.joined()
  }

  /// What single connections can't show, a sentence each.
  private func findings(_ spread: SummaryRecord.Spread) -> [String] {
    var lines: [String] = []
    if let row = spread.failing {
      var line =
        style.red("✗ endpoint-failing") + "  \(spread.service.printable) fails only through "
        + "\(row.endpoint): \(row.failed) of \(row.connections) there, none of "
        + "\(spread.connections &- row.connections) elsewhere"
      if spread.endpointCount > 1 {
        line += "; about \(100 / spread.endpointCount) % of its connections go there"
      }
      lines.append(line)
    }
    if let seconds = spread.affinitySeconds, spread.endpointCount > 1,
      spread.endpoints.contains(where: { $0.connections > 1 })
    {
      lines.append(
        "\(spread.service.printable) has sessionAffinity ClientIP: for \(seconds) s a client stays "
          + "with one endpoint")
    }
    return lines
  }

  /// The paragraph about DNS.
  private func lookups(_ dns: SummaryRecord.DNS) -> String {
    let answered = dns.codes.reduce(0) { $0 &+ $1.count }
    var text = counted(dns.questions, "question")
    if dns.unanswered > 0 {
      text += ", " + style.red("\(dns.unanswered) unanswered")
      if answered > 0 { text += ", \(answered) answered" }
    } else {
      text += answered == dns.questions ? ", all answered" : ", \(answered) answered"
    }
    if answered > 0 {
      let each = dns.codes.map { row in
        let text = "\(row.count) \(row.code.printable)"
        return DNSRecord.isAnswer(row.code) ? text : style.red(text)
      }
      text += " (\(each.joined(separator: ", ")))"
    }
    if dns.retries > 0 { text += ", " + style.yellow("\(dns.retries) asked again") }
    if let median = dns.median, let worst = dns.worst {
      text +=
        "; \(DNSText.milliseconds(median)) median, \(DNSText.milliseconds(worst)) worst"
    }
    text = "  DNS  \(text)\n"
    if let search = dns.search {
      text +=
        "       search lists cost \(counted(search.questions, "question")) and "
        + "\(DNSText.milliseconds(search.lost)) before \(counted(search.answers, "answer"))\n"
    }
    return text
  }

  private func percent(_ part: Int, of all: Int) -> String { "\((part * 100 + all / 2) / all) %" }
}

/// `1 packet`, `2 packets`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

extension String {
  /// Spaces before it up to `width` characters.
  func leftPadded(_ width: Int) -> String {
    let missing = width - count
    return missing > 0 ? String(repeating: " ", count: missing) + self : self
  }
}
