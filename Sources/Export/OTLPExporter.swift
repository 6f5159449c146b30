internal import Diagnosis
internal import FlowModel
public import Recording

/// OpenTelemetry's OTLP/JSON: a trace a connection, its root span the connection, a span in it for each
/// packet kept, whose hops are events. One `ExportTraceServiceRequest` on a line, which a collector's
/// `/v1/traces` takes; a large recording is several lines.
public struct OTLPExporter: Exporter {
  public static var readsTwice: Bool { true }
  public static var usesEvents: Bool { false }

  /// Bytes of spans after which a document is ended: a collector takes 20 MiB at once.
  private static let documentSize = 4 << 20

  private var json = JSONWriter()
  private var header: HeaderRecord?
  private var isOpen = false

  public init() {}

  public mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8] {
    guard case .flow(let flow) = record else { return [] }
    var text: [UInt8] = []
    if isOpen, header != self.header || json.bytes.count > Self.documentSize { text = close() }
    if !isOpen { open(header) }
    OTLPTrace(flow: flow, header: header).write(to: &json)
    return text
  }

  public mutating func end() -> [UInt8] {
    if !isOpen { open(nil) }
    return close()
  }

  private mutating func open(_ header: HeaderRecord?) {
    self.header = header
    isOpen = true
    json.removeAll()
  }

  /// What is gathered, with what stands around it.
  private mutating func close() -> [UInt8] {
    isOpen = false
    var head = JSONWriter()
    head.object {
      $0.key("resource")
      $0.object {
        $0.key("attributes")
        $0.array([0]) { json, _ in
          json.attribute("service.name", "kflowtrace")
          json.attribute("service.version", header?.version)
          json.attribute("host.name", header?.node)
          json.attribute("k8s.node.name", header?.node)
          json.attribute("os.type", "linux")
          json.attribute("os.version", header?.kernel)
        }
      }
      $0.key("scopeSpans")
      $0.array([0]) { json, _ in
        json.object {
          $0.key("scope")
          $0.object {
            $0.member("name", "kflowtrace")
            $0.member("version", header?.version)
          }
          $0.key("spans")
          $0.array([] as [Int]) { _, _ in }
        }
      }
    }
    // the spans go between the last brackets: ]}]}
    return Array("{\"resourceSpans\":[".utf8) + head.bytes.dropLast(4) + json.bytes
      + Array("]}]}]}\n".utf8)
  }
}

/// A connection's spans.
private struct OTLPTrace {
  let flow: FlowRecord
  let header: HeaderRecord?
  private let identifier: Identifier

  private enum Status: Int {
    case unset = 0
    case ok = 1
    case error = 2
  }

  init(flow: FlowRecord, header: HeaderRecord?) {
    self.flow = flow
    self.header = header
    identifier = Identifier(flow, header)
  }

  func write(to json: inout JSONWriter) {
    let packets = flow.timeline.map { ($0, $0.ordered) }
    let last = packets.compactMap { $0.1.last?.time }.max() ?? 0
    json.object {
      span(
        &$0, identifier, "\(flow.proto) \(flow.target)", from: flow.start,
        to: max(flow.end, flow.start &+ last))
      $0.key("attributes")
      $0.array([0]) { json, _ in attributes(&json) }
      if let diagnosis = flow.failure {
        status(&$0, .error, "\(diagnosis.cause): \(diagnosis.why)")
      } else if flow.state == .completed {
        status(&$0, .ok, nil)
      }
    }
    for (i, (packet, hops)) in packets.enumerated() {
      if let first = hops.first, let last = hops.last {
        add(packet, hops, first.time, last.time, identifier.part(i), &json)
      }
    }
  }

  /// What all spans have; `from` and `to`: CLOCK_BOOTTIME.
  private func span(
    _ json: inout JSONWriter, _ own: Identifier, _ name: String, from: UInt64, to: UInt64
  ) {
    json.member("traceId", identifier.long)
    json.member("spanId", own.short)
    if own.short != identifier.short { json.member("parentSpanId", identifier.short) }
    json.member("name", name)
    json.member("kind", 1)  // internal
    json.member("startTimeUnixNano", "\(header.wallClock(from))")
    json.member("endTimeUnixNano", "\(header.wallClock(to))")
  }

  private func status(_ json: inout JSONWriter, _ status: Status, _ message: String?) {
    json.key("status")
    json.object {
      $0.member("message", message)
      $0.member("code", status.rawValue)
    }
  }

  private func attributes(_ json: inout JSONWriter) {
    let source = flow.source.endpoint
    let destination = flow.destination.endpoint
    json.attribute("source.address", "\(source.address)")
    json.attribute("source.port", Int(source.port))
    json.attribute("destination.address", "\(destination.address)")
    json.attribute("destination.port", Int(destination.port))
    json.attribute("network.transport", flow.transport)
    json.attribute("network.type", flow.isIPv4 ? "ipv4" : "ipv6")
    json.attribute("k8s.namespace.name", flow.service?.namespace)
    json.attribute("k8s.service.name", flow.service?.name)
    if let translated = flow.translated {
      json.attribute("kflowtrace.nat.source", "\(translated.source)")
      json.attribute("kflowtrace.nat.destination", "\(translated.destination)")
    }
    json.attribute("kflowtrace.connection", Int(clamping: flow.id))
    json.attribute("kflowtrace.state", flow.state.rawValue)
    json.attribute("kflowtrace.packets.original", flow.packets.original)
    json.attribute("kflowtrace.packets.reply", flow.packets.reply)
    json.attribute("kflowtrace.bytes.original", flow.bytes.original)
    json.attribute("kflowtrace.bytes.reply", flow.bytes.reply)
    json.attribute("kflowtrace.packets.dropped", flow.dropCount)
    json.attribute("kflowtrace.retransmissions", flow.retransmissions)
    if flow.mayMissEvents { json.attribute("kflowtrace.may_miss_events", true) }
    json.attribute("dns.question.name", flow.dns?.first?.name)
    if let dns = flow.dns { json.attribute("kflowtrace.dns", dns.map(\.title)) }
    guard let diagnosis = flow.diagnosis else { return }
    if diagnosis.isFailure { json.attribute("error.type", diagnosis.cause) }
    json.attribute("kflowtrace.cause", diagnosis.cause)
    json.attribute("kflowtrace.layer", diagnosis.layer.rawValue)
    json.attribute("kflowtrace.certainty", diagnosis.certainty.rawValue)
    json.attribute("kflowtrace.why", diagnosis.why)
    json.attribute("kflowtrace.evidence", diagnosis.evidence)
    json.attribute("kflowtrace.rule", diagnosis.rule?.text)
    json.attribute("kflowtrace.fix", diagnosis.fix)
  }

  // MARK: - Packets

  private func add(
    _ packet: FlowRecord.PacketRecord, _ hops: [FlowRecord.HopRecord], _ from: UInt64,
    _ to: UInt64, _ own: Identifier, _ json: inout JSONWriter
  ) {
    json.object {
      span(&$0, own, packet.title, from: flow.start &+ from, to: flow.start &+ to)
      $0.key("attributes")
      $0.array([0]) { json, _ in
        json.attribute("kflowtrace.direction", packet.direction.rawValue)
        json.attribute("kflowtrace.flags", packet.flags)
        json.attribute("kflowtrace.payload", Int(packet.payload))
        if packet.repeats > 0 { json.attribute("kflowtrace.repeats", packet.repeats) }
      }
      $0.key("events")
      $0.array(hops) { json, hop in event(hop, &json) }
      if let drop = packet.drop {
        let cause = flow.failure.map { "\($0.cause): " } ?? ""
        status(&$0, .error, cause + drop.death)
      }
    }
  }

  private func event(_ hop: FlowRecord.HopRecord, _ json: inout JSONWriter) {
    json.object {
      $0.member("timeUnixNano", "\(header.wallClock(flow.start &+ hop.time))")
      $0.member("name", "\(hop.place) \(hop.title)")
      $0.key("attributes")
      $0.array([0]) { json, _ in
        json.attribute("source.address", "\(hop.tuple.source.endpoint.address)")
        json.attribute("source.port", Int(hop.tuple.source.endpoint.port))
        json.attribute("destination.address", "\(hop.tuple.destination.endpoint.address)")
        json.attribute("destination.port", Int(hop.tuple.destination.endpoint.port))
        json.attribute("kflowtrace.netns", hop.netns)
        json.attribute("network.interface.name", hop.interface)
        json.attribute("kflowtrace.hook", hop.hook)
        json.attribute("kflowtrace.netfilter_hook", hop.netfilterHook)
        json.attribute("kflowtrace.action", hop.action.rawValue)
        json.attribute("kflowtrace.outer", hop.outer.map { "\($0)" })
        json.attribute("kflowtrace.vni", hop.vni.map { Int($0) })
        json.attribute("kflowtrace.reason", hop.reason)
        json.attribute("kflowtrace.location", hop.location)
        if hop.action == .dropped {
          json.attribute("error.type", flow.failure?.cause ?? hop.reason)
        }
      }
    }
  }
}

extension JSONWriter {
  /// A `KeyValue`.
  fileprivate mutating func attribute(
    _ name: StaticString, _ body: (inout JSONWriter) -> Void
  ) {
    object {
      $0.key("key")
      $0.value("\(name)")
      $0.key("value")
      $0.object(body)
    }
  }

  fileprivate mutating func attribute(_ name: StaticString, _ text: String?) {
    if let text { attribute(name) { $0.member("stringValue", text) } }
  }

  fileprivate mutating func attribute(_ name: StaticString, _ number: Int?) {
    // 64 bits are text in protobuf's JSON
    if let number { attribute(name) { $0.member("intValue", "\(number)") } }
  }

  fileprivate mutating func attribute(_ name: StaticString, _ flag: Bool) {
    attribute(name) { $0.member("boolValue", flag) }
  }

  fileprivate mutating func attribute(_ name: StaticString, _ texts: [String]) {
    attribute(name) {
      $0.key("arrayValue")
      $0.object {
        $0.key("values")
        $0.array(texts) { json, text in json.object { $0.member("stringValue", text) } }
      }
    }
  }
}
