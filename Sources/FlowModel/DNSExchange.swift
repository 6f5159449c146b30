/// A question to a DNS server and what became of it.
public struct DNSExchange: Hashable, Sendable {
  public struct Answer: Hashable, Sendable {
    /// CLOCK_BOOTTIME, ns: when it was last seen on its way to who asked.
    public var time: UInt64
    public var code: DNSCode
    /// Records in its answer section.
    public var count: Int
    /// Of its A and AAAA records, those near its beginning.
    public var addresses: [Address]
    /// The smallest of the records near its beginning, s.
    public var ttl: UInt32?
    /// It did not fit, says the server.
    public var isTruncated: Bool
    /// It was sent, and dropped on its way.
    public var isDropped = false

    public init(_ message: DNSMessage, time: UInt64) {
      self.time = time
      code = message.code
      count = message.answerCount
      addresses = message.addresses
      ttl = message.ttl
      isTruncated = message.isTruncated
    }
  }

  public var id: UInt16
  /// Safe to show; empty if neither question nor answer told it.
  public var name: String
  public var type: DNSType?
  /// CLOCK_BOOTTIME, ns, of each time it was asked, with the same id from the same port; empty if
  /// only the answer was seen.
  public var asked: [UInt64]
  public var answer: Answer?
  /// No answer was read, but packets came back whose bytes could not be.
  public var mayBeAnswered = false

  public init(id: UInt16, name: String, type: DNSType?, asked: [UInt64]) {
    self.id = id
    self.name = name
    self.type = type
    self.asked = asked
  }

  /// How often it was asked again without an answer.
  public var retries: Int { max(asked.count - 1, 0) }
  /// ns between each time and the one before.
  public var gaps: [UInt64] {
    zip(asked.dropFirst(), asked).map { $0 > $1 ? $0 - $1 : 0 }
  }
  /// Whether who asked has heard of it.
  public var isAnswered: Bool { answer.map { !$0.isDropped } ?? false }
  /// Asked, and to our knowledge nothing came back.
  public var isUnanswered: Bool { !asked.isEmpty && !isAnswered && !mayBeAnswered }
  /// ns who asked waited from the first time to the answer.
  public var latency: UInt64? {
    guard let first = asked.first, let answer, isAnswered else { return nil }
    return answer.time > first ? answer.time - first : 0
  }
}

extension Flow {
  /// Two questions that left the same port at once, of which one was not answered, or not before
  /// it was asked again: what a race for one conntrack entry looks like.
  public var dnsRace: (answered: DNSExchange, lost: DNSExchange)? {
    for lost in dns where lost.isUnanswered || lost.retries > 0 {
      guard let first = lost.asked.first else { continue }
      let other = dns.first { exchange in
        guard exchange != lost, exchange.isAnswered, exchange.retries == 0,
          let asked = exchange.asked.first
        else { return false }
        return max(asked, first) - min(asked, first) < 5_000_000
      }
      if let other { return (other, lost) }
    }
    return nil
  }
}

/// Names that a resolver tried with its search list (resolv.conf) before the one that there is.
public struct DNSSearch: Hashable, Sendable {
  /// What was answered by NXDOMAIN, in the order it was asked.
  public var tried: [DNSExchange]
  /// The name that there is, as asked.
  public var found: String
  /// ns from the first of them to the question for `found`.
  public var lost: UInt64

  public init(tried: [DNSExchange], found: String, lost: UInt64) {
    self.tried = tried
    self.found = found
    self.lost = lost
  }

  /// What was to be looked up, before any suffix.
  public var written: String {
    guard let first = names.first, !first.lowercased().hasPrefix(found.lowercased() + ".") else {
      return found
    }
    let same = zip(first.split(separator: "."), found.split(separator: ".")).prefix {
      $0.lowercased() == $1.lowercased()
    }
    return same.map { String($0.1) }.joined(separator: ".")
  }

  /// Names that there are none of, each once.
  public var names: [String] {
    tried.reduce(into: []) { if !$0.contains($1.name) { $0.append($1.name) } }
  }
}
