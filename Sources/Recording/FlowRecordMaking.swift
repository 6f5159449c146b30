public import Diagnosis
public import FlowModel

extension FlowRecord {
  /// From a flow, its explanation, and the node's names.
  public init(_ flow: Flow, _ explanation: Explanation?, on node: any NodeView) {
    id = flow.id
    start = flow.start
    end = flow.end
    transport = "\(flow.proto)".lowercased()
    source = Peer(flow.original.source)
    destination = Peer(flow.original.destination)
    service = node.service(of: flow)
    original = Pair(flow.original)
    reply = flow.translated.map { Pair($0.inverse) }
    zone = flow.zone
    attempts = flow.attempts.map(Peer.init)
    state = flow.state
    packets = Count(original: flow.packets.original, reply: flow.packets.reply)
    bytes = Count(original: flow.bytes.original, reply: flow.bytes.reply)
    syns = flow.syns
    retransmissions = flow.retransmissions
    drops = flow.drops.compactMap { way in
      way.drop.map { hop in
        DropRecord(
          reason: node.reasonName(hop.event.dropReason),
          location: node.place(hop.event.location),
          netns: node.namespaceName(hop.event.netns),
          interface: Self.name(hop.event.interface, hop.event.netns, node),
          hook: hop.netfilterHook?.description, packets: way.repeats + 1,
          tuple: Pair(hop.event.tuple),
          rule: node.rule(for: hop))
      }
    }
    if !flow.dns.isEmpty {
      dns = flow.dns.map { DNSRecord($0, since: flow.start) }
      dnsOmitted = flow.dnsOmitted > 0 ? flow.dnsOmitted : nil
      dnsSearch = flow.dnsSearch.map(DNSSearchRecord.init)
    }
    diagnosis = explanation
    timeline = flow.transmissions.map { PacketRecord($0, of: flow, node) }
    mayMissEvents = flow.mayMissEvents
  }

  static func name(
    _ index: UInt32, _ netns: UInt32, _ node: any NodeView
  ) -> String? {
    index == 0 ? nil : node.interfaceName(index, in: netns)
  }
}

extension FlowRecord.PacketRecord {
  fileprivate init(_ way: Transmission, of flow: Flow, _ node: any NodeView) {
    direction = way.isReply ? .reply : .original
    repeats = way.repeats
    payload = way.first?.payload ?? 0
    truncated = way.first?.isTruncated ?? false
    if let first = way.first {
      if way.isICMPError {
        icmpError = FlowRecord.ICMPError(type: first.icmpType, code: first.icmpCode)
      } else if first.tuple.proto == .tcp {
        flags = "\(first.tcpFlags)"
      }
    }
    hops = way.hops.map { FlowRecord.HopRecord($0, of: flow, node) }
  }
}

extension FlowRecord.HopRecord {
  fileprivate init(_ hop: Hop, of flow: Flow, _ node: any NodeView) {
    let event = hop.event
    time = event.time >= flow.start ? event.time - flow.start : 0
    netns = node.namespaceName(event.netns)
    interface = FlowRecord.name(event.interface, event.netns, node)
    outInterface = FlowRecord.name(event.outInterface, event.netns, node)
    hook = event.hook.name
    netfilterHook = hop.netfilterHook?.description
    table = event.table == .other ? nil : "\(event.table)"
    action = Step(hop.action)
    tuple = Pair(event.tuple)
    if let entry = event.conntrack,
      entry.original != flow.original || entry.reply != flow.translated?.inverse
    {
      original = Pair(entry.original)
      reply = Pair(entry.reply)
    }
    length = event.length
    detail = hop.isDetail
    switch event.carrier {
    case .none: break
    case .tunnel(let carrier, let number):
      outer = Pair(carrier)
      tunnel = event.tunnelKind.rawValue
      vni = number
    case .icmpError(let carrier): outer = Pair(carrier)
    }
    switch hop.action {
    case .destinationNAT(let endpoint, let isUndone):
      to = Peer(endpoint)
      if !isUndone { endpointIndex = node.endpointIndex(of: endpoint, for: flow) }
    case .sourceNAT(let endpoint, _): to = Peer(endpoint)
    case .encapsulated(let carrier, let number):
      outer = Pair(carrier)
      tunnel = event.tunnelKind.rawValue
      vni = number
    case .decapsulated: tunnel = event.tunnelKind.rawValue
    case .icmpErrorMade(let type, let code):
      icmpError = FlowRecord.ICMPError(type: type, code: code)
    case .dropped, .freed:
      reason = node.reasonName(event.dropReason)
      location = node.place(event.location)
    default: break
    }
  }
}

extension Step {
  fileprivate init(_ action: Action) {
    self =
      switch action {
      case .received: .received
      case .sent: .sent
      case .destinationNAT(_, let undone): undone ? .sourceNATUndone : .destinationNAT
      case .sourceNAT(_, let undone): undone ? .destinationNATUndone : .sourceNAT
      case .encapsulated: .encapsulated
      case .decapsulated: .decapsulated
      case .delivered: .delivered
      case .passed: .passed
      case .icmpErrorMade: .icmpErrorMade
      case .answeredByReset: .answeredByReset
      case .dropped: .dropped
      case .freed: .freed
      }
  }
}
