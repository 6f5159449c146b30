internal import FlowModel

/// How DNS exchanges read.
struct DNSText {
  /// How many are listed unless all is asked for.
  private static let listed = 8

  let style: Style

  /// On the flow's own line: what was asked and answered, or how often if it takes lines of its own.
  func inline(_ flow: Flow) -> String {
    if let only = asOne(flow) { return only }
    var parts = [counted(flow.dns.count + flow.dnsOmitted, "question")]
    let unanswered = flow.dns.count(where: \.isUnanswered)
    if unanswered > 0 { parts.append("\(unanswered) unanswered") }
    let retries = flow.dns.reduce(0) { $0 + $1.retries }
    if retries > 0 { parts.append("\(retries) asked again") }
    if let worst = flow.dns.compactMap(\.latency).max() {
      parts.append("\(Self.milliseconds(worst)) at most")
    }
    return parts.joined(separator: ", ")
  }

  /// One question, or one name's types with the same answer.
  private func asOne(_ flow: Flow) -> String? {
    guard let first = flow.dns.first, flow.dnsOmitted == 0 else { return nil }
    if flow.dns.count > 1 {
      let isQuiet = flow.dns.allSatisfy { exchange in
        exchange.name == first.name && exchange.isAnswered && exchange.retries == 0
          && outcome(exchange) == outcome(first)
      }
      guard isQuiet, Set(flow.dns.map(\.type)).count == flow.dns.count else { return nil }
    }
    let types = flow.dns.map { type($0) }.joined(separator: ", ")
    let latency = flow.dns.compactMap(\.latency).max().map { " " + Self.milliseconds($0) } ?? ""
    return "\(types) \(name(first)) \(outcome(first))\(latency)" + again(first)
  }

  /// A line each, if one line did not say it.
  func lines(_ flow: Flow, all: Bool) -> [String] {
    guard asOne(flow) == nil else { return [] }
    var shown = flow.dns
    if !all, shown.count > Self.listed {
      // what went wrong first, in the order it was asked
      let chosen = Set(
        shown.indices.sorted { isTroubled(shown[$0]) && !isTroubled(shown[$1]) }
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
      return isTroubled(exchange) ? style.yellow(line) : style.dim(line)
    }
    let more = flow.dns.count + flow.dnsOmitted - shown.count
    if more > 0 { lines.append(style.dim("… \(more) more")) }
    return lines
  }

  /// Whether a lookup is not what its client could expect.
  func isTroubled(_ exchange: DNSExchange) -> Bool {
    exchange.isUnanswered || exchange.retries > 0 || exchange.answer?.code.isAnswer == false
  }

  private func type(_ exchange: DNSExchange) -> String { exchange.type?.description ?? "?" }

  private func name(_ exchange: DNSExchange) -> String {
    exchange.name.isEmpty ? "?" : exchange.name
  }

  /// `NOERROR`, `NODATA` for a name without such records (RFC 2308), `no answer`, ….
  private func outcome(_ exchange: DNSExchange) -> String {
    guard let answer = exchange.answer else {
      return exchange.mayBeAnswered ? "answer not read" : "no answer"
    }
    let isEmpty = answer.code == .noError && answer.count == 0 && !answer.isTruncated
    return (isEmpty ? "NODATA" : answer.code.description)
      + (answer.isTruncated ? ", truncated" : "") + (answer.isDropped ? ", dropped" : "")
  }

  /// `, asked again after 5.0 s`.
  private func again(_ exchange: DNSExchange) -> String {
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
