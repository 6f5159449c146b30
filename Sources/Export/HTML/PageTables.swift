internal import Diagnosis
internal import FlowModel
internal import Recording

/// What connections of a page have in common, and JSON that refers to it.
struct PageTables {
  private var services = Interned<PageService>()
  private var explanations = Interned<Explanation>()
  private var places = Interned<PagePlace>()
  private var ways = Interned<PageWay>()

  // MARK: - Connections

  /// What is nothing is left out. Times are µs: `at` since the trace's beginning, those of packets
  /// since the connection's.
  mutating func json(of flow: FlowRecord, in trace: Int, from begin: UInt64) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("id", flow.id)
      if trace > 0 { json.member("trace", trace) }
      json.member("at", (Int64(clamping: flow.start) - Int64(clamping: begin)) / 1000)
      json.member("took", flow.end > flow.start ? (flow.end - flow.start) / 1000 : 0)
      json.member("proto", flow.transport)
      json.member("from", "\(flow.source)")
      json.member("to", "\(flow.destination)")
      if let service = flow.service {
        json.member("service", services.number(of: PageService(service)))
        json.member("endpoint", service.endpointIndex)
        if service.endpointCount > 0 { json.member("of", service.endpointCount) }
      }
      var via = flow.attempts
      if via.isEmpty, let source = flow.reply?.source, source != flow.destination { via = [source] }
      if !via.isEmpty { json.member("via", via.map { "\($0)" }) }
      if let seen = flow.reply?.destination, seen != flow.source { json.member("as", "\(seen)") }
      json.member("state", flow.state.rawValue)
      json.key("packets")
      json.array([flow.packets.original, flow.packets.reply]) { $0.value($1) }
      json.key("bytes")
      json.array([flow.bytes.original, flow.bytes.reply]) { $0.value($1) }
      if flow.syns > 1 { json.member("syns", flow.syns) }
      if flow.retransmissions > 0 { json.member("resent", flow.retransmissions) }
      if flow.dropCount > 0 { json.member("drops", flow.dropCount) }
      if let diagnosis = flow.diagnosis { json.member("why", explanations.number(of: diagnosis)) }
      if flow.mayMissEvents { json.member("gaps", true) }
      if let dns = flow.dns, !dns.isEmpty {
        json.key("dns")
        json.array(dns) { Self.write($1, to: &$0) }
        json.member("dnsOmitted", flow.dnsOmitted)
      }
      json.key("ways")
      json.array(packets(of: flow)) { json, packet in write(packet.0, packet.1, to: &json) }
    }
    return json.bytes
  }

  private func packets(of flow: FlowRecord) -> [(FlowRecord.PacketRecord, PagePacket)] {
    // the drops are those of the packets that died, in order
    var drops = flow.drops[...]
    return flow.timeline.compactMap { packet in
      let rule = packet.drop == nil ? nil : drops.popFirst()?.rule?.text
      return PagePacket(packet, of: flow, rule: rule).map { (packet, $0) }
    }
  }

  /// `[way, beginning, flags, payload, repeats, time after the beginning, …]`.
  private mutating func write(
    _ packet: FlowRecord.PacketRecord, _ shown: PagePacket, to json: inout JSONWriter
  ) {
    let way = ways.number(of: shown.way)
    let begin = (shown.times.first ?? 0) / 1000
    json.list { json in
      json.value(way)
      json.value(begin)
      json.value(packet.truncated ? "truncated" : packet.flags ?? "")
      json.value(packet.payload)
      json.value(packet.repeats)
      for time in shown.times.dropFirst() { json.value(max(time / 1000, begin) - begin) }
    }
  }

  // MARK: - The page

  /// All but the connections.
  mutating func json(_ traces: [PageTrace], _ sums: SummaryRecord) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("traces")
      json.array(traces) { $1.write(to: &$0) }
      json.key("sums")
      write(sums, traces, to: &json)
      json.key("services")
      json.array(services.values) { json, service in
        json.object {
          $0.member("name", service.name)
          $0.member("port", service.port)
          $0.member("ipvs", service.virtualServer)
        }
      }
      json.key("explanations")
      json.array(explanations.values) { Self.write($1, to: &$0) }
      json.key("ways")
      json.array(ways.values) { json, way in write(way, to: &json) }
      // places are numbered while ways are written
      json.key("places")
      json.array(places.values) { json, place in
        json.object {
          $0.member("netns", place.netns)
          $0.member("name", place.name)
          if place.isHook { $0.member("hook", true) }
        }
      }
    }
    return json.bytes
  }

  private static func write(_ exchange: DNSRecord, to json: inout JSONWriter) {
    json.object { json in
      json.member("type", exchange.type ?? "?")
      json.member("name", exchange.name)
      json.member("outcome", exchange.outcome)
      json.member("latency", exchange.latency.map { $0 / 1000 })
      if exchange.isTroubled { json.member("bad", true) }
      guard !exchange.gaps.isEmpty else { return }
      json.key("again")
      json.array(exchange.gaps) { $0.value($1 / 1000) }
    }
  }

  private static func write(_ explanation: Explanation, to json: inout JSONWriter) {
    json.object {
      $0.member("cause", explanation.cause)
      $0.member("layer", explanation.layer.rawValue)
      $0.member("certainty", explanation.certainty.rawValue)
      $0.member("why", explanation.why)
      $0.member("evidence", explanation.evidence)
      $0.member("check", explanation.check)
      $0.member("fix", explanation.fix)
      $0.member("severity", explanation.severity?.rawValue)
      guard let rule = explanation.rule else { return }
      $0.member("rule", rule.text)
      $0.member("ruleCertainty", rule.certainty.rawValue)
      if rule.alternatives > 0 { $0.member("alternatives", rule.alternatives) }
    }
  }

  private mutating func write(_ way: PageWay, to json: inout JSONWriter) {
    json.object { json in
      if way.isReply { json.member("reply", true) }
      if way.beginsInTunnel { json.member("tunnel", true) }
      json.member("from", way.source)
      json.member("to", way.destination)
      json.member("icmp", way.icmpError)
      json.member("aboutFrom", way.aboutSource)
      json.member("aboutTo", way.aboutDestination)
      json.key("stops")
      json.array(way.stops) { json, stop in
        json.object { json in
          json.member("place", places.number(of: stop.place))
          json.key("acts")
          json.array(stop.acts) { Self.write($1, to: &$0) }
        }
      }
    }
  }

  private static func write(_ act: PageAct, to json: inout JSONWriter) {
    json.object {
      $0.member("do", act.name)
      $0.member("to", act.to)
      $0.member("endpoint", act.endpointIndex)
      $0.member("tunnel", act.tunnel)
      $0.member("text", act.text)
      $0.member("from", act.source)
      $0.member("dest", act.destination)
      $0.member("rule", act.rule)
      $0.member("count", act.count)
    }
  }
}

extension JSONWriter {
  /// An array of what `elements` writes.
  mutating func list(_ elements: (inout JSONWriter) -> Void) {
    array(CollectionOfOne(0)) { json, _ in elements(&json) }
  }

  /// 0 is the connection's client, 1 the client as the server sees it.
  fileprivate mutating func member(_ name: StaticString, _ address: PageAddress?) {
    switch address {
    case nil: break
    case .client: member(name, 0)
    case .masqueraded: member(name, 1)
    case .other(let text): member(name, text)
    }
  }
}
