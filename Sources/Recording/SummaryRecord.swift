public import Diagnosis

/// What a trace added up to: the last line of `--json` and of a recording.
public struct SummaryRecord: Hashable, Sendable, Decodable {
  public struct EndpointCount: Hashable, Sendable, Decodable {
    public var endpoint: Peer
    public var connections: Int
    public var failed: Int
  }

  /// How the connections to one Service spread over its endpoints.
  public struct Spread: Hashable, Sendable, Decodable {
    /// `default/web`.
    public var service: String
    /// How many endpoints it has; each is drawn with the probability 1 in that many.
    public var endpointCount: Int
    /// `sessionAffinity: ClientIP`: its timeout in seconds.
    public var affinitySeconds: UInt32?
    /// Those that connections went to.
    public var endpoints: [EndpointCount]

    /// All connections, one that was tried with two endpoints counted twice.
    public var connections: Int { endpoints.reduce(0) { $0 &+ $1.connections } }

    /// The endpoint that all failures go through, when it fails at least every second time and the
    /// others, tried often enough, never do.
    public var failing: EndpointCount? {
      let bad = endpoints.filter { $0.failed > 0 }
      guard bad.count == 1, let count = bad.first, count.failed >= 2,
        count.failed * 2 >= count.connections, connections - count.connections >= 3
      else { return nil }
      return count
    }
  }

  public struct CauseCount: Hashable, Sendable, Decodable {
    public var cause: String
    public var layer: Layer
    /// `nil` for what failed.
    public var severity: Explanation.Severity?
    public var connections: Int
    /// Dropped.
    public var packets: Int
  }

  /// What the lookups add up to, if DNS was traced.
  public struct DNS: Hashable, Sendable, Decodable {
    public struct CodeCount: Hashable, Sendable, Decodable {
      public var code: String
      public var count: Int
    }

    /// What search lists cost: questions in vain, and ns, before so many answers.
    public struct Search: Hashable, Sendable, Decodable {
      public var answers: Int
      public var questions: Int
      public var lost: UInt64
    }

    public var questions: Int
    public var unanswered: Int
    /// Times they were asked again.
    public var retries: Int
    /// Of those answered.
    public var codes: [CodeCount]
    /// ns from question to answer.
    public var median: UInt64?
    public var worst: UInt64?
    public var search: Search?
  }

  /// ns of tracing.
  public var duration: UInt64
  public var connections: Int
  public var failed: Int
  /// Events the ring buffer had no room for.
  public var eventsLost: UInt64
  /// Packets whose headers were cut short, not traced.
  public var truncated: UInt64
  public var services: [Spread]
  /// Of connections that no Service is known for.
  public var endpoints: [EndpointCount]
  public var causes: [CauseCount]
  public var dns: DNS?
}

extension SummaryRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("schema", Schema.name)
      $0.member("type", "summary")
      $0.member("duration", duration)
      $0.member("connections", connections)
      $0.member("failed", failed)
      $0.member("eventsLost", eventsLost)
      $0.member("truncated", truncated)
      $0.member("services", services)
      $0.member("endpoints", endpoints)
      $0.member("causes", causes)
      $0.member("dns", dns)
    }
  }
}

extension SummaryRecord.EndpointCount: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("endpoint", endpoint)
      $0.member("connections", connections)
      $0.member("failed", failed)
    }
  }
}

extension SummaryRecord.Spread: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("service", service)
      $0.member("endpointCount", endpointCount)
      $0.member("affinitySeconds", affinitySeconds)
      $0.member("endpoints", endpoints)
      // for whoever reads the line without counting
      guard let failing else { return }
      $0.key("diagnosis")
      $0.object {
        $0.member("cause", "endpoint-failing")
        $0.member("endpoint", failing.endpoint)
        $0.member("connections", failing.connections)
        $0.member("failed", failing.failed)
        $0.member("elsewhere", connections - failing.connections)
      }
    }
  }
}

extension SummaryRecord.CauseCount: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("cause", cause)
      $0.member("layer", layer.rawValue)
      $0.member("severity", severity?.rawValue)
      $0.member("connections", connections)
      $0.member("packets", packets)
    }
  }
}

extension SummaryRecord.DNS: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("questions", questions)
      $0.member("unanswered", unanswered)
      $0.member("retries", retries)
      $0.member("codes", codes)
      $0.member("median", median)
      $0.member("worst", worst)
      $0.member("search", search)
    }
  }
}

extension SummaryRecord.DNS.CodeCount: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("code", code)
      $0.member("count", count)
    }
  }
}

extension SummaryRecord.DNS.Search: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("answers", answers)
      $0.member("questions", questions)
      $0.member("lost", lost)
    }
  }
}
