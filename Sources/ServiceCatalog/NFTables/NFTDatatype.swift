internal import FlowModel

/// A value that can be compared: one of a packet, or one written in a rule.
enum NFTDatum: Hashable, Sendable {
  case number(UInt64)
  case address(Address)
  /// A device's name; a trailing `*` of a pattern stands for any ending.
  case text(String)
}

/// What kind of values a field has, and so how what nft prints for them is to be read.
enum NFTDatatype: Hashable, Sendable {
  case address
  case number
  case mark
  case name
  case proto
  case etherType
  case family
  case state
  case status
  case direction
  case tcpFlags
  case icmpType
  case icmpv6Type
  case icmpCode
  case addressType
  case unknown

  /// As sets declare it: `ipv4_addr`.
  init(declared name: String) {
    switch name {
    case "ipv4_addr", "ipv6_addr": self = .address
    case "inet_proto": self = .proto
    case "inet_service", "integer": self = .number
    case "mark": self = .mark
    case "ifname", "iface_index": self = .name
    case "ether_type": self = .etherType
    case "nf_proto": self = .family
    case "ct_state": self = .state
    case "ct_status": self = .status
    case "ct_dir": self = .direction
    case "tcp_flag": self = .tcpFlags
    case "icmp_type": self = .icmpType
    case "icmpv6_type": self = .icmpv6Type
    case "icmp_code", "icmpv6_code": self = .icmpCode
    case "fib_addrtype": self = .addressType
    default: self = .unknown
    }
  }

  /// A single value as nft prints it; `nil` if it is none of this kind, or not known.
  func datum(_ expression: NFTExpression) -> NFTDatum? {
    switch expression {
    case .number(let number): return self == .unknown || number < 0 ? nil : .number(UInt64(number))
    case .text(let text): return datum(text)
    case .list(let parts):
      // several bits
      var bits: UInt64 = 0
      for part in parts {
        guard case .number(let bit)? = datum(part) else { return nil }
        bits |= bit
      }
      return .number(bits)
    case .bits("|", let a, let b): return datum(.list([a, b]))
    default: return nil
    }
  }

  private func datum(_ text: String) -> NFTDatum? {
    switch self {
    case .address: return Address(text).map { .address($0) }
    case .name: return .text(text)
    case .unknown: return nil
    case .proto: return RuleValues.proto(text).map { .number(UInt64($0.rawValue)) }
    default:
      if let number = RuleValues.number(text) { return .number(UInt64(number)) }
      return symbols[text].map { .number($0) }
    }
  }

  /// The names nft has for numbers, as in its `--debug` output and linux/netfilter/nf_tables.h.
  private var symbols: [String: UInt64] {
    switch self {
    case .state: ["invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64]
    case .status:
      [
        "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32,
        "dying": 512,
      ]
    case .direction: ["original": 0, "reply": 1]
    case .family: ["ipv4": 2, "ipv6": 10]
    case .etherType: ["ip": 0x0800, "ip6": 0x86dd, "arp": 0x0806, "vlan": 0x8100]
    case .tcpFlags:
      ["fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128]
    case .addressType:
      ["unspec": 0, "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5]
    case .icmpType:
      [
        "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5,
        "echo-request": 8, "router-advertisement": 9, "router-solicitation": 10,
        "time-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13,
        "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
        "address-mask-request": 17, "address-mask-reply": 18,
      ]
    case .icmpv6Type:
      [
        "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3,
        "parameter-problem": 4, "echo-request": 128, "echo-reply": 129,
        "mld-listener-query": 130, "mld-listener-report": 131, "mld-listener-done": 132,
        "nd-router-solicit": 133, "nd-router-advert": 134, "nd-neighbor-solicit": 135,
        "nd-neighbor-advert": 136, "nd-redirect": 137, "mld2-listener-report": 143,
      ]
    default: [:]
    }
  }
}

extension NFTExpression {
  /// What kinds of values it has, one for each part of a concatenation.
  var datatypes: [NFTDatatype] {
    if case .concat(let parts) = self { return parts.flatMap(\.datatypes) }
    return [datatype]
  }

  private var datatype: NFTDatatype {
    switch self {
    case .payload("ip", let field), .payload("ip6", let field):
      switch field {
      case "saddr", "daddr": .address
      case "protocol", "nexthdr": .proto
      default: .number
      }
    case .payload("tcp", "flags"): .tcpFlags
    case .payload("icmp", "type"): .icmpType
    case .payload("icmpv6", "type"): .icmpv6Type
    case .payload("icmp", "code"), .payload("icmpv6", "code"): .icmpCode
    case .payload("ether", _), .payload("arp", _): .unknown
    case .payload: .number
    case .meta("l4proto"): .proto
    case .meta("protocol"): .etherType
    case .meta("nfproto"): .family
    case .meta("iifname"), .meta("oifname"), .meta("iif"), .meta("oif"): .name
    case .meta("mark"), .ct("mark", _): .mark
    case .meta("length"): .number
    case .ct("state", _): .state
    case .ct("status", _): .status
    case .ct("direction", _): .direction
    case .ct("protocol", _): .proto
    case .ct("l3proto", _): .family
    case .ct("proto-src", _), .ct("proto-dst", _): .number
    case .ct(let key, _): key.hasSuffix("addr") ? .address : .unknown
    case .fib("type", _): .addressType
    case .numgen: .number
    case .bits(_, let left, _): left.datatype
    default: .unknown
    }
  }
}
