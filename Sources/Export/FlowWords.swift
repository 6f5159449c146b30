internal import Diagnosis
internal import FlowModel
internal import Recording

extension FlowRecord {
  var proto: IPProtocol { IPProtocol(recorded: transport) }

  var isIPv4: Bool { source.endpoint.address.isIPv4 }

  /// `default/web`, or the address that was called.
  var target: String { service?.knownName ?? "\(destination)" }

  /// `TCP 10.244.1.5:43122 → default/web 10.96.0.50:80 ⇒ 10.244.2.8:8080`.
  var title: String {
    let name = service?.knownName.map { "\($0) " } ?? ""
    var text = "\(proto) \(source) → \(name)\(destination)"
    let endpoints = reply.map { attempts.isEmpty ? [$0.source] : attempts } ?? attempts
    if endpoints != [destination], !endpoints.isEmpty {
      text += " ⇒ " + endpoints.map { "\($0)" }.joined(separator: ", then ")
    }
    return text
  }

  /// What the server saw, if that is not what the client sent.
  var translated: Pair? {
    guard let reply, reply.inverse != original else { return nil }
    return reply.inverse
  }
}

extension FlowRecord {
  /// What it failed of.
  var failure: Explanation? { diagnosis.flatMap { $0.isFailure ? $0 : nil } }
}

extension DNSRecord {
  /// `A api.example.com NXDOMAIN 0.3 ms`.
  var title: String {
    let tenths = latency.map { $0 / 100_000 }
    return [
      type ?? "", name, outcome,
      tenths.map { "\($0 / 10).\($0 % 10) ms" } ?? "",
    ].filter { !$0.isEmpty }.joined(separator: " ")
  }
}

extension FlowRecord.PacketRecord {
  /// `SYN`, `ICMP 3/4 about it`, `70 bytes`.
  var title: String {
    var words: [String] = []
    if let icmpError {
      words.append("ICMP error \(icmpError.type)/\(icmpError.code)")
    } else if let flags {
      words.append(flags)
    }
    if truncated { words.append("truncated") }
    if payload > 0, icmpError == nil { words.append("\(payload) bytes") }
    if words.isEmpty { words.append("packet") }
    if isReply { words.append("back") }
    if repeats > 0 { words.append("×\(repeats + 1)") }
    return words.joined(separator: " ")
  }

  /// The hops in the order of their times, which CPUs may report in another.
  var ordered: [FlowRecord.HopRecord] {
    hops.indices.sorted { (hops[$0].time, $0) < (hops[$1].time, $1) }.map { hops[$0] }
  }
}

extension FlowRecord.HopRecord {
  /// `node1 PREROUTING`, `node1 eth0`.
  var place: String {
    let isHook =
      switch action {
      case .received, .sent: false
      default: true
      }
    let name = isHook ? netfilterHook ?? interface : interface ?? outInterface ?? netfilterHook
    return "\(netns) \(name ?? hook)"
  }

  /// `DNAT → 10.244.2.8:8080`, `out`.
  var title: String {
    switch action {
    case .destinationNAT: "DNAT" + (to.map { " → \($0)" } ?? "")
    case .sourceNATUndone: "un-SNAT" + (to.map { " → \($0)" } ?? "")
    case .sourceNAT: "SNAT" + (to.map { " ← \($0)" } ?? "")
    case .destinationNATUndone: "un-DNAT" + (to.map { " ← \($0)" } ?? "")
    case .encapsulated: "\(tunnel ?? "tunnel") encap" + (outer.map { " \($0)" } ?? "")
    case .decapsulated: "\(tunnel ?? "tunnel") decap"
    case .icmpErrorMade:
      "ICMP error" + (icmpError.map { " \($0.type)/\($0.code) sent" } ?? " sent")
    case .answeredByReset: "answers RST"
    case .dropped: "dropped: \(death)"
    case .freed: "freed: \(death)"
    case .passed: hook + (table.map { " \($0)" } ?? "")
    case .received, .sent, .delivered: action.rawValue
    }
  }

  /// `NETFILTER_DROP in nft_do_chain+0x3e8`.
  var death: String { (reason ?? "NOT_SPECIFIED") + (location.map { " in \($0)" } ?? "") }
}
