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
    fileprivate var codes: [DNSCode: Int] = [:]
    fileprivate var latencies: [UInt64] = []
    /// Questions in vain and ns lost by search lists.
    fileprivate var search: (questions: Int, lost: UInt64)?

    init(_ flow: Flow) {
      questions = flow.dns.count + flow.dnsOmitted
      for exchange in flow.dns {
        if exchange.isUnanswered { unanswered += 1 }
        retries += exchange.retries
        if let answer = exchange.answer, exchange.isAnswered { codes[answer.code, default: 0] += 1 }
        if let latency = exchange.latency { latencies.append(latency) }
      }
      search = flow.dnsSearch.map { ($0.tried.count, $0.lost) }
    }
  }

  private var questions = 0
  private var unanswered = 0
  private var retries = 0
  private var codes: [DNSCode: Int] = [:]
  private var latencies: [UInt64] = []
  private var next = 0
  private var worst: UInt64 = 0
  private var search = (answers: 0, questions: 0, lost: UInt64(0))

  /// `sign` -1 takes back the share of a flow that is told again, which has no answer.
  mutating func count(_ share: Share, _ sign: Int) {
    questions += sign * share.questions
    unanswered += sign * share.unanswered
    retries += sign * share.retries
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
      search.questions += more.questions
      search.lost += more.lost
    }
  }

  /// The paragraph; none if nothing was asked.
  func lines(_ style: Style) -> [String] {
    guard questions > 0 else { return [] }
    let known = codes.filter { $0.value > 0 }
    let answered = known.values.reduce(0, +)
    var text = counted(questions, "question")
    if unanswered > 0 {
      text += ", " + style.red("\(unanswered) unanswered")
      if answered > 0 { text += ", \(answered) answered" }
    } else {
      text += answered == questions ? ", all answered" : ", \(answered) answered"
    }
    if answered > 0 {
      let each = known.sorted { $0.key.rawValue < $1.key.rawValue }.map { code, count in
        code.isAnswer ? "\(count) \(code)" : style.red("\(count) \(code)")
      }
      text += " (\(each.joined(separator: ", ")))"
    }
    if retries > 0 { text += ", " + style.yellow("\(retries) asked again") }
    if !latencies.isEmpty {
      let median = latencies.sorted()[latencies.count / 2]
      text +=
        "; \(DNSText.milliseconds(median)) median, \(DNSText.milliseconds(worst)) worst"
    }
    var lines = ["DNS  \(text)"]
    if search.answers > 0 {
      lines.append(
        "     search lists cost \(counted(search.questions, "question")) and "
          + "\(DNSText.milliseconds(search.lost)) before \(counted(search.answers, "answer"))")
    }
    return lines
  }
}
