internal import FlowModel

/// A DNS question and what became of it, in a flow's JSON.
public struct DNSRecord: Hashable, Sendable, Decodable {
  public enum State: String, Sendable, Decodable {
    case answered
    case unanswered
    /// Answered, and the answer was dropped on its way.
    case dropped
    /// A packet came back whose bytes could not be read.
    case unread
  }

  public var id: UInt16
  /// Bytes that are no visible ASCII as `\DDD`; without the final dot.
  public var name: String
  /// `A`, `AAAA`, `SRV`, …; absent if the packet was cut before it.
  public var type: String?
  /// ns since the flow's first sighting, of each time it was asked with that id; empty if only the
  /// answer was seen.
  public var asked: [UInt64]
  /// Times it was asked again without an answer.
  public var retries: Int
  public var state: State
  /// `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …
  public var code: String?
  /// Records in the answer section.
  public var answers: Int?
  /// Of the first A and AAAA records.
  public var addresses: [String]?
  /// The smallest of the first records, s.
  public var ttl: UInt32?
  /// The server's mark that the answer did not fit.
  public var truncated: Bool?
  /// ns from the first time it was asked to the answer.
  public var latency: UInt64?

  /// Whether who asked has heard of it.
  public var isAnswered: Bool { state == .answered }
  /// Asked, and to our knowledge nothing came back.
  public var isUnanswered: Bool {
    !asked.isEmpty && (state == .unanswered || state == .dropped)
  }
  /// ns between each time and the one before.
  public var gaps: [UInt64] {
    zip(asked.dropFirst(), asked).map { $0 > $1 ? $0 - $1 : 0 }
  }
  /// Whether it is not what its client could expect.
  public var isTroubled: Bool {
    isUnanswered || retries > 0 || !(code.map(DNSRecord.isAnswer) ?? true)
  }

  /// `NOERROR`, `NODATA` for a name without such records (RFC 2308), `no answer`, ….
  public var outcome: String {
    guard let code else { return state == .unread ? "answer not read" : "no answer" }
    let isTruncated = truncated ?? false
    let isEmpty = code == "NOERROR" && answers == 0 && !isTruncated
    return (isEmpty ? "NODATA" : code) + (isTruncated ? ", truncated" : "")
      + (state == .dropped ? ", dropped" : "")
  }

  /// Whether a server with this code did its work: it said what there is, or that there is no such
  /// name.
  public static func isAnswer(_ code: String) -> Bool { code == "NOERROR" || code == "NXDOMAIN" }

  init(_ exchange: DNSExchange, since start: UInt64) {
    id = exchange.id
    name = exchange.name
    type = exchange.type?.description
    asked = exchange.asked.map { $0 > start ? $0 - start : 0 }
    retries = exchange.retries
    latency = exchange.latency
    guard let answer = exchange.answer else {
      state = exchange.mayBeAnswered ? .unread : .unanswered
      return
    }
    state = answer.isDropped ? .dropped : .answered
    code = answer.code.description
    answers = answer.count
    addresses = answer.addresses.map(\.description)
    ttl = answer.ttl
    truncated = answer.isTruncated
  }
}

/// Names a resolver made with its search list before the one that there is.
public struct DNSSearchRecord: Hashable, Sendable, Decodable {
  /// Answered by NXDOMAIN, each once, in the order they were asked.
  public var tried: [String]
  public var found: String
  /// Questions that were asked in vain.
  public var questions: Int
  /// ns from the first of them to the question for `found`.
  public var lost: UInt64

  init(_ search: DNSSearch) {
    tried = search.names
    found = search.found
    questions = search.tried.count
    lost = search.lost
  }
}

extension DNSRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("id", id)
      $0.member("name", name)
      $0.member("type", type)
      $0.key("asked")
      $0.array(asked) { $0.value($1) }
      $0.member("retries", retries)
      $0.member("state", state.rawValue)
      $0.member("code", code)
      $0.member("answers", answers)
      if let addresses { $0.member("addresses", addresses) }
      $0.member("ttl", ttl)
      if let truncated { $0.member("truncated", truncated) }
      $0.member("latency", latency)
    }
  }
}

extension DNSSearchRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("tried", tried)
      $0.member("found", found)
      $0.member("questions", questions)
      $0.member("lost", lost)
    }
  }
}
