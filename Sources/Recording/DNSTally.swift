internal import FlowModel

/// What the lookups of a trace add up to.
struct DNSTally: Sendable {
  /// How many latencies the median is of: the latest.
  private static let kept = 65536

  /// What one flow adds.
  struct Share: Sendable {
    fileprivate var questions = 0
    fileprivate var unanswered = 0
    fileprivate var retries = 0
    fileprivate var codes: [String: Int] = [:]
    fileprivate var latencies: [UInt64] = []
    /// Questions in vain and ns lost by search lists.
    fileprivate var search: (questions: Int, lost: UInt64)?

    init(_ flow: FlowRecord) {
      let lookups = flow.dns ?? []
      questions = lookups.count + (flow.dnsOmitted ?? 0)
      for lookup in lookups {
        if lookup.isUnanswered { unanswered += 1 }
        retries &+= lookup.retries
        if let code = lookup.code, lookup.isAnswered { codes[code, default: 0] += 1 }
        if let latency = lookup.latency { latencies.append(latency) }
      }
      search = flow.dnsSearch.map { ($0.questions, $0.lost) }
    }
  }

  private var questions = 0
  private var unanswered = 0
  private var retries = 0
  private var codes: [String: Int] = [:]
  private var latencies: [UInt64] = []
  private var next = 0
  private var worst: UInt64 = 0
  private var search = (answers: 0, questions: 0, lost: UInt64(0))

  /// `sign` -1 takes back the share of a flow that is told again, which has no answer.
  mutating func count(_ share: Share, _ sign: Int) {
    questions &+= sign &* share.questions
    unanswered += sign * share.unanswered
    retries &+= sign &* share.retries
    for (code, count) in share.codes { codes[code, default: 0] += sign * count }
    guard sign > 0 else { return }
    for latency in share.latencies {
      worst = max(worst, latency)
      if latencies.count < Self.kept {
        latencies.append(latency)
      } else {
        latencies[next] = latency
        next = (next + 1) % Self.kept
      }
    }
    if let more = share.search {
      search.answers += 1
      search.questions &+= more.questions
      search.lost &+= more.lost
    }
  }

  /// The sums; `nil` if nothing was asked.
  var record: SummaryRecord.DNS? {
    guard questions > 0 else { return nil }
    let numbers = Dictionary(
      (0...15).map { (DNSCode(rawValue: $0).description, $0) }, uniquingKeysWith: { a, _ in a })
    return SummaryRecord.DNS(
      questions: questions, unanswered: unanswered, retries: retries,
      codes: codes.filter { $0.value > 0 }
        .sorted { (numbers[$0.key] ?? 16, $0.key) < (numbers[$1.key] ?? 16, $1.key) }
        .map { SummaryRecord.DNS.CodeCount(code: $0.key, count: $0.value) },
      median: latencies.isEmpty ? nil : latencies.sorted()[latencies.count / 2],
      worst: latencies.isEmpty ? nil : worst,
      search: search.answers == 0
        ? nil
        : SummaryRecord.DNS.Search(
          answers: search.answers, questions: search.questions, lost: search.lost))
  }
}
