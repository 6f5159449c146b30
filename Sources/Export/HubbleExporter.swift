internal import Diagnosis
internal import FlowModel
public import Recording

/// Hubble's flow JSON, a line for each packet that a connection's timeline keeps, as it ended: what
/// `hubble observe -o jsonpb` prints, for tools that read it. Names and values are those of Cilium's
/// flow.proto; what it has no field for is in `extensions`.
public struct HubbleExporter: Exporter {
  public static var readsTwice: Bool { true }
  public static var usesEvents: Bool { false }

  private var json = JSONWriter()

  public init() {}

  public mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8] {
    guard case .flow(let flow) = record else { return [] }
    json.removeAll()
    let identifier = Identifier(flow, header)
    for (i, packet) in flow.timeline.enumerated() {
      guard let end = packet.drop ?? packet.ordered.last else { continue }
      let line = HubbleLine(
        flow: flow, packet: packet, end: end, uuid: identifier.part(i).uuid,
        node: header?.node ?? "",
        time: timestamp(header.wallClock(flow.start &+ end.time)))
      line.write(to: &json)
      json.endLine()
    }
    return json.bytes
  }

  public mutating func end() -> [UInt8] { [] }
}

/// A packet of a connection as a `GetFlowsResponse`.
private struct HubbleLine {
  var flow: FlowRecord
  var packet: FlowRecord.PacketRecord
  /// Where it was seen last, or died.
  var end: FlowRecord.HopRecord
  var uuid: String
  var node: String
  var time: String

  private var isDropped: Bool { end.action == .dropped }

  /// The packet as it was at its end; of an ICMP error its own addresses.
  private var tuple: Pair {
    if packet.icmpError != nil, end.tunnel == nil, let outer = end.outer { return outer }
    return end.tuple
  }

  func write(to json: inout JSONWriter) {
    json.object {
      $0.key("flow")
      $0.object { flow(&$0) }
      $0.member("node_name", node)
      $0.member("time", time)
    }
  }

  private func flow(_ json: inout JSONWriter) {
    let reason = HubbleDropReason(end, of: flow)
    json.member("time", time)
    json.member("uuid", uuid)
    json.member("verdict", isDropped ? "DROPPED" : "FORWARDED")
    if isDropped, reason != .unknown { json.member("drop_reason", reason.rawValue) }
    addresses(&json)
    transport(&json)
    json.key("source")
    json.object { endpoint(isSource: true, &$0) }
    json.key("destination")
    json.object { endpoint(isSource: false, &$0) }
    json.member("Type", "L3_L4")
    json.member("node_name", node)
    if let service = flow.service, service.knownName != nil, packet.icmpError == nil {
      json.key(packet.isReply ? "source_service" : "destination_service")
      json.object {
        $0.member("name", service.name)
        $0.member("namespace", service.namespace)
      }
    }
    // numbers of pkg/monitor/api: a drop, or a trace with where to
    json.key("event_type")
    json.object {
      $0.member("type", isDropped ? 1 : 4)
      $0.member("sub_type", isDropped ? reason.rawValue : observation.number)
    }
    json.member("traffic_direction", direction)
    if isDropped {
      json.member("drop_reason_desc", reason.name)
    } else {
      json.member("trace_observation_point", observation.name)
    }
    json.member("is_reply", packet.isReply)
    if let interface = end.interface {
      json.key("interface")
      json.object { $0.member("name", interface) }
    }
    json.key("extensions")
    json.object {
      $0.member("@type", "type.googleapis.com/google.protobuf.Struct")
      $0.key("value")
      $0.object { extensions(&$0) }
    }
    json.member("Summary", summary)
  }

  private func addresses(_ json: inout JSONWriter) {
    let source = flow.source.endpoint.address
    let masqueraded = flow.reply?.destination.endpoint.address
    let isTranslated =
      !packet.isReply && packet.icmpError == nil && masqueraded != nil && masqueraded != source
    json.key("IP")
    json.object {
      $0.key("source")
      $0.value(isTranslated ? source : tuple.source.endpoint.address)
      if isTranslated, let masqueraded {
        $0.key("source_xlated")
        $0.value(masqueraded)
      }
      $0.key("destination")
      $0.value(tuple.destination.endpoint.address)
      $0.member("ipVersion", tuple.source.endpoint.address.isIPv4 ? "IPv4" : "IPv6")
    }
  }

  private func transport(_ json: inout JSONWriter) {
    func ports(_ json: inout JSONWriter) {
      json.member("source_port", tuple.source.endpoint.port)
      json.member("destination_port", tuple.destination.endpoint.port)
    }
    func icmp(_ json: inout JSONWriter, _ isIPv4: Bool, _ type: UInt8, _ code: UInt8) {
      json.key(isIPv4 ? "ICMPv4" : "ICMPv6")
      json.object {
        $0.member("type", type)
        $0.member("code", code)
      }
    }
    if let error = packet.icmpError {
      json.key("l4")
      json.object {
        icmp(&$0, tuple.source.endpoint.address.isIPv4, error.type, error.code)
      }
      return
    }
    switch flow.proto {
    case .tcp:
      let flags = TCPFlags(recorded: packet.flags ?? "")
      json.key("l4")
      json.object {
        $0.key("TCP")
        $0.object {
          ports(&$0)
          $0.key("flags")
          $0.object {
            if flags.contains(.fin) { $0.member("FIN", true) }
            if flags.contains(.syn) { $0.member("SYN", true) }
            if flags.contains(.rst) { $0.member("RST", true) }
            if flags.contains(.psh) { $0.member("PSH", true) }
            if flags.contains(.ack) { $0.member("ACK", true) }
          }
        }
      }
    case .udp, .sctp:
      json.key("l4")
      json.object {
        $0.key(flow.proto == .udp ? "UDP" : "SCTP")
        $0.object { ports(&$0) }
      }
    case .icmp, .icmpv6:
      // a connection of ICMP is one of echoes
      let isIPv4 = flow.proto == .icmp
      json.key("l4")
      json.object {
        icmp(
          &$0, isIPv4, packet.isReply ? (isIPv4 ? 0 : 129) : (isIPv4 ? 8 : 128), 0)
      }
    default: break
    }
  }

  /// Pods are not known by name: the namespace they are in, and the Service's namespace of its endpoint.
  private func endpoint(isSource: Bool, _ json: inout JSONWriter) {
    let peer = isSource ? tuple.source : tuple.destination
    if let service = flow.service, packet.icmpError == nil, isSource == packet.isReply,
      flow.attempts.contains(peer)
    {
      json.member("namespace", service.namespace)
    }
    let first = packet.ordered.first
    let isOrigin = first?.action == .sent || first?.netfilterHook == "OUTPUT"
    let netns =
      isSource ? (isOrigin ? first?.netns : nil) : end.action == .delivered ? end.netns : nil
    if let netns { json.member("labels", ["kflowtrace:netns=\(netns)"]) }
  }

  /// Where it went: `TraceObservationPoint` and its number among Cilium's trace events.
  private var observation: (name: String, number: Int) {
    switch end.action {
    case .delivered: ("TO_ENDPOINT", 0)
    case .encapsulated: ("TO_OVERLAY", 4)
    case .sent where end.tunnel != nil: ("TO_OVERLAY", 4)
    case .sent: ("TO_NETWORK", 11)
    default: ("TO_STACK", 3)
    }
  }

  /// Of the connection as its end here has it: a reply that is delivered is of an outgoing one.
  private var direction: String {
    let isArriving: Bool
    if end.action == .delivered || end.netfilterHook == "INPUT" {
      isArriving = true
    } else if end.action == .sent || end.netfilterHook == "OUTPUT" {
      isArriving = false
    } else {
      return "TRAFFIC_DIRECTION_UNKNOWN"
    }
    return isArriving != packet.isReply ? "INGRESS" : "EGRESS"
  }

  private var summary: String {
    var parts: [String] = []
    if let error = packet.icmpError {
      parts.append("ICMP \(error.type)/\(error.code) about \(end.tuple)")
    } else if let flags = packet.flags {
      parts.append("TCP Flags: \(flags.split(separator: "-").joined(separator: ", "))")
    } else {
      parts.append("\(flow.proto)")
    }
    if packet.repeats > 0 { parts.append("\(packet.repeats + 1) packets") }
    if isDropped { parts.append(end.death) }
    if isDropped, let diagnosis = flow.failure {
      parts.append("\(diagnosis.cause): \(diagnosis.why)")
    }
    return parts.joined(separator: "; ")
  }

  private func extensions(_ json: inout JSONWriter) {
    func pair(_ json: inout JSONWriter, _ pair: Pair) {
      json.object {
        $0.member("source", "\(pair.source)")
        $0.member("destination", "\(pair.destination)")
      }
    }
    json.member("connection", flow.id)
    json.member("state", flow.state.rawValue)
    json.key("original")
    pair(&json, flow.original)
    if let translated = flow.translated {
      json.key("translated")
      pair(&json, translated)
    }
    if let dns = flow.dns { json.member("dns", dns.map(\.title)) }
    json.member("netns", end.netns)
    json.member("hook", end.hook)
    json.member("netfilter_hook", end.netfilterHook)
    if packet.repeats > 0 { json.member("packets", packet.repeats + 1) }
    json.member("reason", end.reason)
    json.member("location", end.location)
    guard let diagnosis = flow.diagnosis else { return }
    json.member("cause", diagnosis.cause)
    json.member("layer", diagnosis.layer.rawValue)
    json.member("certainty", diagnosis.certainty.rawValue)
    json.member("why", diagnosis.why)
    json.member("rule", diagnosis.rule?.text)
    json.member("fix", diagnosis.fix)
  }
}
