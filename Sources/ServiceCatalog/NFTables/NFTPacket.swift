internal import FlowModel

/// A packet in a base chain of nftables: what rules may ask of it there.
struct NFTPacket {
  var packet: RulePacket
  var hook: NetfilterHook

  /// Reads the parts of a key; `nil` if the packet lacks one of them.
  func key(_ expression: NFTExpression, _ mark: KnownMark) -> [NFTReading]? {
    if case .concat(let parts) = expression {
      return NFTReading.all(parts.map { read($0, mark) })
    }
    return NFTReading.all([read(expression, mark)])
  }

  /// Reads a field.
  func read(_ expression: NFTExpression, _ mark: KnownMark) -> NFTReading {
    switch expression {
    case .payload(let header, let field): payload(header, field)
    case .meta(let key): meta(key, mark)
    case .ct(let key, let direction): conntrack(key, direction)
    case .fib("type", let flags): addressType(flags)
    case .bits(let op, let left, let right):
      left.datatypes.first?.datum(right).map { read(left, mark).combined(op, $0) } ?? .unknown
    default: .unknown
    }
  }

  private var isIPv4: Bool { packet.tuple.source.address.isIPv4 }

  private func payload(_ header: String, _ field: String) -> NFTReading {
    switch header {
    case "ip": isIPv4 ? network(field) : .absent
    case "ip6": isIPv4 ? .absent : network(field)
    case "th": port(field)
    case "tcp", "udp", "sctp", "dccp", "udplite":
      packet.tuple.proto != RuleValues.proto(header) || packet.isLaterFragment == true
        ? .absent : header == "tcp" && field == "flags" ? flags : port(field)
    case "icmp": packet.tuple.proto == .icmp ? icmp(field) : .absent
    case "icmpv6": packet.tuple.proto == .icmpv6 ? icmp(field) : .absent
    default: .unknown
    }
  }

  private func network(_ field: String) -> NFTReading {
    switch field {
    case "saddr": .known(.address(packet.tuple.source.address))
    case "daddr": .known(.address(packet.tuple.destination.address))
    case "protocol": NFTReading(packet.tuple.proto.rawValue)
    case "length" where isIPv4: NFTReading(packet.length)
    case "version": NFTReading(isIPv4 ? 4 : 6)
    default: .unknown
    }
  }

  private func port(_ field: String) -> NFTReading {
    // nft_payload finds no transport header in later fragments
    if packet.isLaterFragment == true { return .absent }
    guard packet.tuple.proto.hasPorts || [33, 136].contains(packet.tuple.proto.rawValue) else {
      return .unknown
    }
    switch field {
    case "sport": return NFTReading(packet.tuple.source.port)
    case "dport": return NFTReading(packet.tuple.destination.port)
    default: return .unknown
    }
  }

  private var flags: NFTReading {
    // our five are the low ones; of the others nothing is known
    packet.tcpFlags.map { .bits(value: UInt64($0.rawValue), known: ~0xe0) } ?? .unknown
  }

  private func icmp(_ field: String) -> NFTReading {
    if packet.isLaterFragment == true { return .absent }
    switch field {
    case "type": return NFTReading(packet.icmpType)
    case "code": return NFTReading(packet.icmpCode)
    default: return .unknown
    }
  }

  private func meta(_ key: String, _ mark: KnownMark) -> NFTReading {
    switch key {
    case "l4proto": NFTReading(packet.tuple.proto.rawValue)
    case "nfproto": NFTReading(isIPv4 ? 2 : 10)
    case "protocol": NFTReading(isIPv4 ? 0x0800 : 0x86dd)
    case "mark": NFTReading(mark)
    case "length": NFTReading(packet.length)
    case "iifname", "iif": device(packet.inInterface, isMissing: hook == .output)
    case "oifname", "oif":
      device(packet.outInterface, isMissing: hook == .prerouting || hook == .input)
    default: .unknown
    }
  }

  /// A device that the hook does not have has an empty name.
  private func device(_ name: String?, isMissing: Bool) -> NFTReading {
    isMissing ? .known(.text("")) : name.map { .known(.text($0)) } ?? .unknown
  }

  private func conntrack(_ key: String, _ direction: String?) -> NFTReading {
    if key == "state" { return .states(packet.states) }
    if packet.states.isSubset(of: .withoutEntry) { return .absent }
    switch key {
    case "status": return NFTReading(packet.conntrackStatus)
    case "direction": return NFTReading(packet.isReply.map { $0 ? 1 : 0 })
    case "protocol": return NFTReading(packet.original?.proto.rawValue)
    case "l3proto": return NFTReading(isIPv4 ? 2 : 10)
    default: break
    }
    let isReply = direction.map { $0 == "reply" } ?? packet.isReply
    guard let isReply, let tuple = isReply ? packet.reply : packet.original else { return .unknown }
    switch key {
    case "proto-src": return NFTReading(tuple.source.port)
    case "proto-dst": return NFTReading(tuple.destination.port)
    case "saddr", "ip saddr", "ip6 saddr": return .known(.address(tuple.source.address))
    case "daddr", "ip daddr", "ip6 daddr": return .known(.address(tuple.destination.address))
    default: return .unknown
    }
  }

  /// What kind of address the source or the destination is to this node.
  private func addressType(_ flags: [String]) -> NFTReading {
    let address =
      flags == ["saddr"]
      ? packet.tuple.source.address : flags == ["daddr"] ? packet.tuple.destination.address : nil
    guard let address else { return .unknown }
    // RTN_LOCAL, RTN_MULTICAST, RTN_BROADCAST, RTN_UNICAST
    for (name, number) in [("LOCAL", 2), ("MULTICAST", 5), ("UNICAST", 1)]
    where packet.addressType(address, name) == .yes {
      return NFTReading(number)
    }
    return address == Address(v4: .max) ? NFTReading(3) : .unknown
  }
}

extension NFTPacket {
  /// Whether a match holds.
  func answer(
    _ op: String, _ left: NFTExpression, _ right: NFTExpression, _ mark: KnownMark,
    _ sets: [String: NFTSet]
  ) -> Answer {
    guard let key = key(left, mark) else { return .no }
    let types = left.datatypes
    switch op {
    case "==": return contains(right, key, types, sets)
    case "!=": return !contains(right, key, types, sets)
    case "in": return bits(right, key, types).map { key[0].intersects($0) } ?? .maybe
    case "!": return bits(right, key, types).map { !key[0].intersects($0) } ?? .maybe
    default:
      guard key.count == 1, types.count == 1, let value = key[0].datum,
        let limit = types[0].datum(right)
      else { return .maybe }
      return compare(op, value, limit)
    }
  }

  private func contains(
    _ right: NFTExpression, _ key: [NFTReading], _ types: [NFTDatatype], _ sets: [String: NFTSet]
  ) -> Answer {
    switch right {
    case .reference(let name):
      guard let set = sets[name], !set.isDynamic else { return .maybe }
      return set.hits(key).reduce(.no) { $0 || $1.answer }
    case .set(let elements):
      return NFTElement.hits(elements, key, types).reduce(.no) { $0 || $1.answer }
    default:
      guard key.count == 1, types.count == 1 else {
        return NFTElement.hits([NFTElement(right)], key, types).first?.answer ?? .no
      }
      return right.contains(key[0], types[0])
    }
  }

  private func bits(
    _ right: NFTExpression, _ key: [NFTReading], _ types: [NFTDatatype]
  ) -> UInt64? {
    guard key.count == 1, types.count == 1, case .number(let bits)? = types[0].datum(right) else {
      return nil
    }
    return bits
  }

  private func compare(_ op: String, _ value: NFTDatum, _ limit: NFTDatum) -> Answer {
    switch op {
    case "<": Answer(value.isBelow(limit))
    case ">": Answer(limit.isBelow(value))
    case "<=": Answer(!limit.isBelow(value))
    case ">=": Answer(!value.isBelow(limit))
    default: .maybe
    }
  }
}

extension NFTDatum {
  fileprivate func isBelow(_ other: NFTDatum) -> Bool {
    switch (self, other) {
    case (.number(let a), .number(let b)): a < b
    case (.address(let a), .address(let b)): a < b
    default: false
    }
  }
}

extension NFTElement {
  /// A key that stands by itself.
  fileprivate init(_ key: NFTExpression) { self.init(key: key) }
}
