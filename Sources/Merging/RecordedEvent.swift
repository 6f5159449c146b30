package import FlowModel
package import Recording

extension Event {
  /// The event that was recorded, with the names' numbers; `nil` if it is of a newer kflowtrace's hook.
  /// `time`: ns on the clock of the first recording.
  package init?(_ record: EventRecord, of node: Int, time: UInt64, _ names: MergedNames) {
    guard let hook = Self.hooks[record.hook] else { return nil }
    let proto = IPProtocol(recorded: record.transport)
    self.init(
      time: time, netns: names.namespace(record.netns, of: node), hook: hook,
      tuple: Tuple(record.tuple, proto))
    // addresses of two kernels may be the same
    skb = (UInt64(record.skb, radix: 16) ?? 0) ^ UInt64(node) << 52
    netfilterHook = record.netfilterHook.flatMap { text in
      NetfilterHook.allCases.first { $0.description == text }
    }
    table =
      record.table.flatMap { text in Table.allCases.first { $0.description == text } } ?? .other
    interface = record.interface.map(names.interface) ?? 0
    outInterface = record.outInterface.map(names.interface) ?? 0
    if let outer = record.outer {
      if let kind = record.tunnel.flatMap(TunnelKind.init) {
        tunnelKind = kind
        let outerProto: IPProtocol = kind == .ip ? IPProtocol(rawValue: 4) : .udp
        carrier = .tunnel(outer: Tuple(outer, outerProto), vni: record.vni ?? 0)
      } else {
        let isIPv4 = outer.source.endpoint.address.isIPv4
        carrier = .icmpError(outer: Tuple(outer, isIPv4 ? .icmp : .icmpv6))
      }
    }
    conntrack = record.conntrack.map { entry in
      Conntrack(
        original: Tuple(entry.original, proto), reply: Tuple(entry.reply, proto),
        status: entry.status, zone: entry.zone, isReply: entry.direction == .reply)
    }
    length = record.length
    payload = record.payload
    gsoSize = record.gsoSize ?? 0
    mtu = record.mtu ?? 0
    mark = record.mark ?? 0
    ttl = record.ttl
    ipID = record.ipID
    fragment = record.fragment
    tcpFlags = TCPFlags(recorded: record.flags ?? "")
    sequence = record.sequence ?? 0
    acknowledgment = record.acknowledgment ?? 0
    icmpType = record.icmpType ?? 0
    icmpCode = record.icmpCode ?? 0
    isTruncated = record.truncated ?? false
    dropReason = record.reason.map(names.reason) ?? 0
    location = record.location.map(names.location) ?? 0
  }

  private static let hooks = Dictionary(
    Hook.allCases.map { ("\($0)", $0) }, uniquingKeysWith: { first, _ in first })
}

extension Tuple {
  init(_ pair: Pair, _ proto: IPProtocol) {
    self.init(proto, from: pair.source.endpoint, to: pair.destination.endpoint)
  }
}

extension TCPFlags {
  /// As its description: `SYN-ACK`.
  init(recorded text: String) {
    let names: [Substring: TCPFlags] = [
      "SYN": .syn, "FIN": .fin, "RST": .rst, "PSH": .psh, "ACK": .ack,
    ]
    self = text.split(separator: "-").reduce(into: []) { flags, name in
      if let flag = names[name] { flags.insert(flag) }
    }
  }
}
