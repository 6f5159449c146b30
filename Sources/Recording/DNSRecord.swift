internal import FlowModel

/// A DNS question and what became of it, in a flow's JSON.
public struct DNSRecord: Encodable, Sendable {
  public enum State: String, Encodable, Sendable {
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
public struct DNSSearchRecord: Encodable, Sendable {
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
