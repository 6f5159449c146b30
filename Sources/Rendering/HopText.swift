internal import Diagnosis
internal import FlowModel

/// One line of a timeline, in columns.
struct HopLine {
  var time: String
  var namespace: String
  var place: String
  var action: String
  var detail: String
  /// What of it other connections that go the same way have, too.
  var way = ""
  var isNAT = false
  var isDrop = false
  var isDetail = false
}

/// How hops read.
struct HopText {
  let node: any NodeView
  let flow: Flow
  let service: ServiceName?

  /// The lines of one packet's way.
  func lines(of way: Transmission, all: Bool) -> [HopLine] {
    var result: [HopLine] = []
    var rounds: [[UInt32]: Int] = [:]
    var skipped = 0
    for (i, hop) in way.hops.enumerated() where all || !hop.isDetail {
      var line = line(hop)
      // what goes round in circles is shown twice
      let place = [hop.event.netns, hop.event.interface, UInt32(hop.event.hook.rawValue)]
      if !all, hop.event.hook == .tcIngress || hop.event.hook == .tcEgress {
        rounds[place, default: 0] += 1
      }
      if !all, rounds[place, default: 0] > 2 || (skipped > 0 && hop.action != .dropped) {
        skipped += 1
        continue
      }
      if skipped > 0 {
        var more = HopLine(time: "", namespace: "…", place: "", action: "", detail: "")
        more.detail = "\(skipped) hops more, round and round"
        more.isDetail = true
        result.append(more)
        skipped = 0
      }
      if i == 0 || result.isEmpty { line.detail = packet(hop.event) + suffix(line.detail) }
      if hop.action == .dropped, !all { placeDrop(&result, way, i) }
      result.append(line)
    }
    return result
  }

  private func suffix(_ text: String) -> String { text.isEmpty ? "" : "   " + text }

  /// The hook a netfilter drop happened in is worth a line of its own.
  private func placeDrop(_ lines: inout [HopLine], _ way: Transmission, _ drop: Int) {
    guard let hook = way.hops[drop].netfilterHook,
      let entry = way.hops[..<drop].lastIndex(where: { $0.event.netfilterHook == hook }),
      way.hops[entry].isDetail
    else { return }
    // for a function of the IP layer it was as good as delivered
    if hook == .input, node.reasonName(way.hops[drop].event.dropReason) == "NETFILTER_DROP",
      lines.last?.action == "delivered" || lines.dropLast().last?.action == "delivered"
    {
      lines.removeAll { $0.action == "delivered" }
    }
    var line = line(way.hops[entry])
    line.place = hook.description
    line.action = "chains"
    line.detail = ""
    lines.append(line)
  }

  private func line(_ hop: Hop) -> HopLine {
    let event = hop.event
    var line = HopLine(
      time: time(event.time), namespace: node.namespaceName(event.netns).printable,
      place: device(event), action: "", detail: "")
    line.isDetail = hop.isDetail
    switch hop.action {
    case .received: line.action = "in"
    case .sent:
      line.action = "out"
      if event.hook == .ipOutput, event.outInterface != 0 {
        line.place = name(event.outInterface, event.netns)
      }
    case .destinationNAT(let to, let undone):
      line.place = placeOfNAT(event)
      line.action = undone ? "un-SNAT" : "DNAT"
      line.detail = "→ \(to)" + (undone ? "" : endpointText(to))
      line.way = undone ? "\(to.address)" : "\(to)"
      line.isNAT = true
    case .sourceNAT(let to, let undone):
      line.place = placeOfNAT(event)
      line.action = undone ? "un-DNAT" : "SNAT"
      line.detail = "← \(to)"
      line.way = undone ? "\(to)" : "\(to.address)"
      line.isNAT = true
    case .encapsulated(let outer, let vni):
      line.place = event.tunnelKind.rawValue
      line.action = "encap"
      line.detail =
        event.tunnelKind == .ip
        ? "\(outer.source.address) → \(outer.destination.address)"
        : "\(outer.source.address) → \(outer.destination)  VNI \(vni)"
      line.way = line.detail
      line.isNAT = true
    case .decapsulated:
      line.place = event.tunnelKind.rawValue
      line.action = "decap"
      line.isNAT = true
    case .delivered:
      line.place = event.netfilterHook?.description ?? "INPUT"
      line.action = "delivered"
    case .icmpErrorMade(let type, let code):
      line.place = "ICMP"
      line.action = "sent"
      line.detail = icmpName(type, code, isIPv4: event.tuple.source.address.isIPv4)
    case .answeredByReset:
      line.place = "TCP"
      line.action = "answers RST"
    case .dropped:
      line.place = hop.netfilterHook?.description ?? device(event)
      line.action = "✗ dropped"
      line.detail =
        node.reasonName(event.dropReason)
        + (node.place(event.location).map { " in \($0)" } ?? "")
      line.isDrop = true
    case .freed:
      line.action = "freed"
      line.detail = node.reasonName(event.dropReason)
    case .passed:
      line.place = event.netfilterHook?.description ?? device(event)
      line.action = passedName(event)
    }
    return line
  }

  private func placeOfNAT(_ event: Event) -> String {
    let hook = event.netfilterHook?.description
    guard event.hook == .ipvs else { return hook ?? "NAT" }
    return hook.map { "\($0) IPVS" } ?? "IPVS"
  }

  private func endpointText(_ endpoint: Endpoint) -> String {
    guard let service, let index = node.endpointIndex(of: endpoint, for: flow) else { return "" }
    guard service.virtualServer != nil else {
      return "   endpoint \(index) of \(service.endpointCount)"
    }
    return "   \(service.fullName), real server \(index) of \(service.endpointCount)"
  }

  private func passedName(_ event: Event) -> String {
    switch event.hook {
    case .nfRaw: "before conntrack"
    case .nfDNATDone: "after DNAT"
    case .nfFilter: "before filter"
    case .nfFilterDone: "after filter"
    case .nfSNAT: "before SNAT"
    case .nfSNATDone: "after SNAT"
    case .conntrackIn: "nf_conntrack_in"
    case .conntrackConfirm: "confirmed"
    case .natFunction: "nf_nat_inet_fn"
    case .natManip: "nf_nat_manip_pkt"
    case .hookSlow: "nf_hook_slow"
    case .iptTable, .nftChain: "table \(event.table)"
    case .ipForward: "ip_forward"
    case .bridgeIn: "bridge in"
    case .bridgeOut: "bridge out"
    case .vxlanTransmit: "vxlan_xmit"
    case .vxlanReceive: "vxlan_rcv"
    case .ipvs: "ip_vs_nat_xmit"
    default: "\(event.hook)"
    }
  }

  private func device(_ event: Event) -> String { name(event.interface, event.netns) }

  private func name(_ index: UInt32, _ netns: UInt32) -> String {
    index == 0 ? "-" : node.interfaceName(index, in: netns).printable
  }

  /// `+0.042`, ms since the flow began.
  private func time(_ ns: UInt64) -> String {
    let micros = ns > flow.start ? (ns - flow.start) / 1000 : 0
    return "+\(micros / 1000).\(String(1000 + micros % 1000).dropFirst())"
  }

  /// What the packet is: `SYN  10.244.1.5:43122 → 10.96.0.50:80`.
  func packet(_ event: Event) -> String {
    var kind = ""
    if case .icmpError(let outer) = event.carrier {
      kind = icmpName(event.icmpType, event.icmpCode, isIPv4: outer.source.address.isIPv4)
      return "\(kind)  \(outer.source.address) → \(outer.destination.address)  about \(event.tuple)"
    }
    if event.tuple.proto == .tcp { kind = "\(event.tcpFlags)  " }
    if event.isTruncated { kind = "truncated \(event.tuple.proto)  " }
    let size = event.payload > 0 ? "  \(event.payload) bytes" : ""
    return kind + "\(event.tuple)" + size
  }

  /// The usual name of an ICMP error.
  func icmpName(_ type: UInt8, _ code: UInt8, isIPv4: Bool) -> String {
    switch (isIPv4, type, code) {
    case (true, 3, 0): "ICMP network unreachable"
    case (true, 3, 1): "ICMP host unreachable"
    case (true, 3, 3): "ICMP port unreachable"
    case (true, 3, 4): "ICMP fragmentation needed"
    case (true, 3, 9), (true, 3, 10), (true, 3, 13), (false, 1, 1): "ICMP prohibited"
    case (true, 11, _), (false, 3, _): "ICMP time exceeded"
    case (false, 1, 4): "ICMPv6 port unreachable"
    case (false, 1, _): "ICMPv6 unreachable"
    case (false, 2, _): "ICMPv6 packet too big"
    default: "ICMP \(type)/\(code)"
    }
  }
}
