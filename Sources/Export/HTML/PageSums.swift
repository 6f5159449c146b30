internal import Diagnosis
internal import Recording

extension PageTrace {
  func write(to json: inout JSONWriter) {
    json.object { json in
      if let header {
        json.member("version", header.version)
        json.member("node", header.node)
        json.member("kernel", header.kernel)
        json.member("backend", header.backend)
        json.member("namespaces", header.namespaces)
        json.member("selection", header.selection)
        // ms since 1970
        json.member("begin", header.clock.realtime / 1_000_000)
      }
      json.member("duration", duration / 1000)
      if let summary {
        json.member("recorded", summary.connections)
      } else {
        json.member("cutOff", true)
      }
    }
  }
}

extension PageTables {
  func write(_ sums: SummaryRecord, _ traces: [PageTrace], to json: inout JSONWriter) {
    let programmed = traces.flatMap { $0.header?.services ?? [] }
    json.object { json in
      json.member("connections", sums.connections)
      json.member("failed", sums.failed)
      json.member("duration", sums.duration / 1000)
      json.member("lost", sums.eventsLost)
      json.member("truncated", sums.truncated)
      if let dns = sums.dns { Self.write(dns, to: &json) }
      json.key("spreads")
      json.array(sums.services) { json, spread in Self.write(spread, programmed, to: &json) }
      json.key("others")
      json.array(sums.endpoints) { Self.write($1, to: &$0) }
      json.key("causes")
      json.array(sums.causes) { json, count in
        json.object {
          $0.member("cause", count.cause)
          $0.member("layer", count.layer.rawValue)
          $0.member("severity", count.severity?.rawValue)
          $0.member("connections", count.connections)
          $0.member("packets", count.packets)
        }
      }
    }
  }

  private static func write(_ dns: SummaryRecord.DNS, to json: inout JSONWriter) {
    json.key("dns")
    json.object { json in
      json.member("questions", dns.questions)
      json.member("unanswered", dns.unanswered)
      json.member("retries", dns.retries)
      json.member("median", dns.median.map { $0 / 1000 })
      json.member("worst", dns.worst.map { $0 / 1000 })
      json.key("codes")
      json.array(dns.codes) { json, count in
        json.object {
          $0.member("code", count.code)
          $0.member("count", count.count)
          if !DNSRecord.isAnswer(count.code) { $0.member("bad", true) }
        }
      }
      guard let search = dns.search else { return }
      json.key("search")
      json.object {
        $0.member("answers", search.answers)
        $0.member("questions", search.questions)
        $0.member("lost", search.lost / 1000)
      }
    }
  }

  private static func write(
    _ spread: SummaryRecord.Spread, _ programmed: [HeaderRecord.ServiceRecord],
    to json: inout JSONWriter
  ) {
    json.object { json in
      json.member("service", spread.service)
      json.member("endpointCount", spread.endpointCount)
      json.member("affinity", spread.affinitySeconds)
      if let failing = spread.failing {
        json.key("failing")
        write(failing, to: &json)
      }
      json.key("endpoints")
      json.list { json in
        for count in spread.endpoints { write(count, to: &json) }
        for endpoint in unused(spread, programmed) { write(endpoint, 0, 0, to: &json) }
      }
    }
  }

  /// Endpoints of the Service that no connection went to, if it is clear which Service that is.
  private static func unused(
    _ spread: SummaryRecord.Spread, _ programmed: [HeaderRecord.ServiceRecord]
  ) -> [Peer] {
    let used = Set(spread.endpoints.map(\.endpoint))
    guard used.count < spread.endpointCount,
      let record = programmed.first(where: {
        $0.service == spread.service && $0.endpoints.count == spread.endpointCount
          && used.isSubset(of: $0.endpoints)
      })
    else { return [] }
    return record.endpoints.filter { !used.contains($0) }
  }

  private static func write(_ count: SummaryRecord.EndpointCount, to json: inout JSONWriter) {
    write(count.endpoint, count.connections, count.failed, to: &json)
  }

  /// `[endpoint, connections, failed]`.
  private static func write(
    _ endpoint: Peer, _ connections: Int, _ failed: Int, to json: inout JSONWriter
  ) {
    json.list { json in
      json.value("\(endpoint)")
      json.value(connections)
      json.value(failed)
    }
  }
}
