internal import Diagnosis
internal import FlowModel
internal import Recording

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
  let service: ServiceName?

  /// The lines of one packet's way.
  func lines(of way: FlowRecord.PacketRecord, all: Bool) -> [HopLine] {
    var result: [HopLine] = []
    var rounds: [String: Int] = [:]
    var skipped = 0
    for (i, hop) in way.hops.enumerated() where all || !hop.detail {
      var line = line(hop)
      // what goes round in circles is shown twice
      let place = "\(hop.netns) \(hop.interface ?? "-") \(hop.hook)"
      if !all, hop.hook == "tcIngress" || hop.hook == "tcEgress" {
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
      if i == 0 || result.isEmpty { line.detail = packet(way, hop) + suffix(line.detail) }
      if hop.action == .dropped, !all { placeDrop(&result, way, i) }
      result.append(line)
    }
    return result
  }

  private func suffix(_ text: String) -> String { text.isEmpty ? "" : "   " + text }

  /// The hook a netfilter drop happened in is worth a line of its own.
  private func placeDrop(_ lines: inout [HopLine], _ way: FlowRecord.PacketRecord, _ drop: Int) {
    guard let hook = way.hops[drop].netfilterHook, let entry = way.chains(of: drop) else { return }
    // for a function of the IP layer it was as good as delivered
    if hook == "INPUT", way.hops[drop].reason == "NETFILTER_DROP",
      lines.last?.action == "delivered" || lines.dropLast().last?.action == "delivered"
    {
      lines.removeAll { $0.action == "delivered" }
    }
    var line = line(entry)
    line.place = hook.printable
    line.action = "chains"
    line.detail = ""
    lines.append(line)
  }

  private func line(_ hop: FlowRecord.HopRecord) -> HopLine {
    var line = HopLine(
      time: time(hop.time), namespace: hop.netns.printable, place: name(hop.interface), action: "",
      detail: "")
    line.isDetail = hop.detail
    switch hop.action {
    case .received: line.action = "in"
    case .sent:
      line.action = "out"
      if hop.hook == "ipOutput", hop.outInterface != nil { line.place = name(hop.outInterface) }
    case .destinationNAT, .sourceNATUndone:
      line.place = placeOfNAT(hop)
      line.isNAT = true
      guard let to = hop.to else { break }
      if hop.action == .destinationNAT {
        line.action = "DNAT"
        line.detail = "→ \(to)\(endpointText(hop))"
        line.way = "\(to)"
      } else {
        line.action = "un-SNAT"
        line.detail = "→ \(to)"
        line.way = "\(to.endpoint.address)"
      }
    case .sourceNAT, .destinationNATUndone:
      line.place = placeOfNAT(hop)
      line.isNAT = true
      guard let to = hop.to else { break }
      line.action = hop.action == .sourceNAT ? "SNAT" : "un-DNAT"
      line.detail = "← \(to)"
      line.way = hop.action == .sourceNAT ? "\(to.endpoint.address)" : "\(to)"
    case .encapsulated:
      line.place = (hop.tunnel ?? "tunnel").printable
      line.action = "encap"
      if let outer = hop.outer {
        line.detail =
          hop.tunnel == TunnelKind.ip.rawValue
          ? "\(outer.source.endpoint.address) → \(outer.destination.endpoint.address)"
          : "\(outer.source.endpoint.address) → \(outer.destination)  VNI \(hop.vni ?? 0)"
      }
      line.way = line.detail
      line.isNAT = true
    case .decapsulated:
      line.place = (hop.tunnel ?? "tunnel").printable
      line.action = "decap"
      line.isNAT = true
    case .delivered:
      line.place = hop.netfilterHook?.printable ?? "INPUT"
      line.action = "delivered"
    case .icmpErrorMade:
      line.place = "ICMP"
      line.action = "sent"
      if let error = hop.icmpError {
        line.detail = error.name(isIPv4: hop.tuple.source.endpoint.address.isIPv4)
      }
    case .answeredByReset:
      line.place = "TCP"
      line.action = "answers RST"
    case .dropped:
      line.place = hop.netfilterHook?.printable ?? name(hop.interface)
      line.action = "✗ dropped"
      line.detail =
        (hop.reason ?? "").printable + (hop.location.map { " in \($0.printable)" } ?? "")
      line.isDrop = true
    case .freed:
      line.action = "freed"
      line.detail = (hop.reason ?? "").printable
    case .passed:
      line.place = hop.netfilterHook?.printable ?? name(hop.interface)
      line.action = passedName(hop)
    }
    return line
  }

  private func placeOfNAT(_ hop: FlowRecord.HopRecord) -> String {
    let hook = hop.netfilterHook?.printable
    guard hop.hook == "ipvs" else { return hook ?? "NAT" }
    return hook.map { "\($0) IPVS" } ?? "IPVS"
  }

  private func endpointText(_ hop: FlowRecord.HopRecord) -> String {
    guard let service, let index = hop.endpointIndex else { return "" }
    guard service.virtualServer != nil else {
      return "   endpoint \(index) of \(service.endpointCount)"
    }
    return "   \(service.fullName.printable), real server \(index) of \(service.endpointCount)"
  }

  private func passedName(_ hop: FlowRecord.HopRecord) -> String {
    switch hop.hook {
    case "nfRaw": "before conntrack"
    case "nfDNATDone": "after DNAT"
    case "nfFilter": "before filter"
    case "nfFilterDone": "after filter"
    case "nfSNAT": "before SNAT"
    case "nfSNATDone": "after SNAT"
    case "conntrackIn": "nf_conntrack_in"
    case "conntrackConfirm": "confirmed"
    case "natFunction": "nf_nat_inet_fn"
    case "natManip": "nf_nat_manip_pkt"
    case "hookSlow": "nf_hook_slow"
    case "iptTable", "nftChain": "table \((hop.table ?? "other").printable)"
    case "ipForward": "ip_forward"
    case "bridgeIn": "bridge in"
    case "bridgeOut": "bridge out"
    case "vxlanTransmit": "vxlan_xmit"
    case "vxlanReceive": "vxlan_rcv"
    case "ipvs": "ip_vs_nat_xmit"
    default: hop.hook.printable
    }
  }

  private func name(_ interface: String?) -> String { interface?.printable ?? "-" }

  /// `+0.042`, ms since the flow began.
  private func time(_ ns: UInt64) -> String {
    let micros = ns / 1000
    return "+\(micros / 1000).\(String(1000 + micros % 1000).dropFirst())"
  }

  /// What the packet is: `SYN  10.244.1.5:43122 → 10.96.0.50:80`.
  private func packet(_ way: FlowRecord.PacketRecord, _ first: FlowRecord.HopRecord) -> String {
    if let error = way.icmpError, let outer = first.outer {
      let source = outer.source.endpoint.address
      return "\(error.name(isIPv4: source.isIPv4))  \(source) → "
        + "\(outer.destination.endpoint.address)  about \(first.tuple)"
    }
    var kind = way.flags.map { "\($0.printable)  " } ?? ""
    if way.truncated { kind = "truncated  " }
    let size = way.payload > 0 ? "  \(way.payload) bytes" : ""
    return kind + "\(first.tuple)" + size
  }
}
