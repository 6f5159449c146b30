internal import FlowModel
internal import Recording

/// How DNS exchanges read.
struct DNSText {
  /// How many are listed unless all is asked for.
  private static let listed = 8

  let style: Style

  /// On the flow's own line: what was asked and answered, or how often if it takes lines of its own.
  func inline(_ flow: FlowRecord) -> String {
    if let only = asOne(flow) { return only }
    var parts = [counted(lookups(flow).count + (flow.dnsOmitted ?? 0), "question")]
    let unanswered = lookups(flow).count(where: \.isUnanswered)
    if unanswered > 0 { parts.append("\(unanswered) unanswered") }
    let retries = lookups(flow).reduce(0) { $0 &+ $1.retries }
    if retries > 0 { parts.append("\(retries) asked again") }
    if let worst = lookups(flow).compactMap(\.latency).max() {
      parts.append("\(Self.milliseconds(worst)) at most")
    }
    return parts.joined(separator: ", ")
  }

  /// One question, or one name's types with the same answer.
  private func asOne(_ flow: FlowRecord) -> String? {
    guard let first = lookups(flow).first, (flow.dnsOmitted ?? 0) == 0 else { return nil }
    if lookups(flow).count > 1 {
      let isQuiet = lookups(flow).allSatisfy { exchange in
        exchange.name == first.name && exchange.isAnswered && exchange.retries == 0
          && outcome(exchange) == outcome(first)
      }
      guard isQuiet, Set(lookups(flow).map(\.type)).count == lookups(flow).count else { return nil }
    }
    let types = lookups(flow).map { type($0) }.joined(separator: ", ")
    let latency =
      lookups(flow).compactMap(\.latency).max().map { " " + Self.milliseconds($0) } ?? ""
    return "\(types) \(name(first)) \(outcome(first))\(latency)" + again(first)
  }

  /// A line each, if one line did not say it.
  func lines(_ flow: FlowRecord, all: Bool) -> [String] {
    guard asOne(flow) == nil else { return [] }
    var shown = lookups(flow)
    if !all, shown.count > Self.listed {
      // what went wrong first, in the order it was asked
      let chosen = Set(
        shown.indices.sorted { shown[$0].isTroubled && !shown[$1].isTroubled }
          .prefix(Self.listed))
      shown = shown.indices.filter(chosen.contains).map { shown[$0] }
    }
    let latencies = shown.map { $0.latency.map(Self.milliseconds) ?? "" }
    func width(_ texts: [String]) -> Int { texts.map(\.count).max() ?? 0 }
    let widths = (
      type: width(shown.map(type)), name: width(shown.map(name)),
      outcome: width(shown.map(outcome)), latency: width(latencies)
    )
    var lines = zip(shown, latencies).map { exchange, latency in
      var line =
        "\(type(exchange).padded(widths.type))  \(name(exchange).padded(widths.name))  "
        + "\(outcome(exchange).padded(widths.outcome))  \(latency.leftPadded(widths.latency))"
      while line.last == " " { line.removeLast() }
      line += again(exchange)
      return exchange.isTroubled ? style.yellow(line) : style.dim(line)
    }
    let more = lookups(flow).count + (flow.dnsOmitted ?? 0) - shown.count
    if more > 0 { lines.append(style.dim("… \(more) more")) }
    return lines
  }

  private func lookups(_ flow: FlowRecord) -> [DNSRecord] { flow.dns ?? [] }

  private func type(_ exchange: DNSRecord) -> String { (exchange.type ?? "?").printable }

  private func name(_ exchange: DNSRecord) -> String {
    exchange.name.isEmpty ? "?" : exchange.name.printable
  }

  private func outcome(_ exchange: DNSRecord) -> String { exchange.outcome.printable }

  /// `, asked again after 5.0 s`.
  private func again(_ exchange: DNSRecord) -> String {
    let gaps = exchange.gaps.map { gap in
      let tenths = (gap + 50_000_000) / 100_000_000
      return "\(tenths / 10).\(tenths % 10)"
    }
    return gaps.isEmpty ? "" : ", asked again after \(gaps.joined(separator: ", ")) s"
  }

  static func milliseconds(_ ns: UInt64) -> String {
    let tenths = (ns + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
