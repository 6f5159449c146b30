internal import FlowModel

/// The options of the match extensions that can be decided from a packet.
enum ModuleTests {
  /// The extensions with at least one such option.
  static let modules: Set<String> = [
    "tcp", "udp", "udplite", "sctp", "dccp", "multiport", "icmp", "icmp6", "mark", "length",
    "addrtype", "conntrack", "state", "iprange",
  ]

  /// What an option asks; `nil` if only the kernel can tell.
  static func test(_ module: String, _ option: ExtensionMatch.Option) -> RuleTest? {
    let value = option.values.first ?? ""
    switch (module, option.name) {
    case ("tcp", "--tcp-flags"):
      guard option.values.count == 2, let mask = RuleValues.tcpFlags(value),
        let set = RuleValues.tcpFlags(option.values[1])
      else { return nil }
      return .tcpFlags(mask: mask, set: set)
    case ("tcp", "--syn"):
      return .tcpFlags(mask: [.syn, .ack, .rst, .fin], set: .syn)
    case ("tcp", "--tcp-option"), ("sctp", "--chunk-types"), ("dccp", "--dccp-types"):
      return nil
    case ("icmp", "--icmp-type"), ("icmp6", "--icmpv6-type"):
      return RuleValues.icmp(value).map { .icmp(type: $0.type, code: $0.code) }
    case ("mark", "--mark"):
      return RuleValues.mark(value).map { .mark(value: $0.value, mask: $0.mask) }
    case ("length", "--length"):
      return RuleValues.portRange(value).map {
        .length(UInt32($0.lowerBound)...UInt32($0.upperBound))
      }
    case ("addrtype", "--src-type"): return .addressType(.source, list(value))
    case ("addrtype", "--dst-type"): return .addressType(.destination, list(value))
    case ("iprange", "--src-range"): return range(value).map { .addressRange(.source, $0) }
    case ("iprange", "--dst-range"): return range(value).map { .addressRange(.destination, $0) }
    case ("state", "--state"), ("conntrack", "--ctstate"): return states(value)
    case ("conntrack", _): return conntrack(option.name, value)
    case ("addrtype", _), ("iprange", _), ("mark", _), ("length", _), ("state", _), ("icmp", _),
      ("icmp6", _):
      return nil
    default: return ports(option.name, value)
    }
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map(String.init)
  }

  private static func ports(_ name: String, _ value: String) -> RuleTest? {
    switch name {
    case "--sport": RuleValues.portRange(value).map { .ports(.source, [$0]) }
    case "--dport": RuleValues.portRange(value).map { .ports(.destination, [$0]) }
    case "--sports": RuleValues.portList(value).map { .ports(.source, $0) }
    case "--dports": RuleValues.portList(value).map { .ports(.destination, $0) }
    case "--ports": RuleValues.portList(value).map { .ports(nil, $0) }
    default: nil
    }
  }

  private static func range(_ text: String) -> ClosedRange<Address>? {
    let parts = text.split(separator: "-")
    guard parts.count == 2, let low = Address(parts[0]), let high = Address(parts[1]),
      low.isIPv4 == high.isIPv4, low <= high
    else { return nil }
    return low...high
  }

  private static func states(_ text: String) -> RuleTest? {
    var states: ConntrackStates = []
    var nat = (source: false, destination: false)
    for name in text.split(separator: ",") {
      switch name {
      case "NEW": states.insert(.new)
      case "ESTABLISHED": states.insert(.established)
      case "RELATED": states.insert(.related)
      case "INVALID": states.insert(.invalid)
      case "UNTRACKED": states.insert(.untracked)
      case "SNAT": nat.source = true
      case "DNAT": nat.destination = true
      default: return nil
      }
    }
    return .conntrackState(states, sourceNAT: nat.source, destinationNAT: nat.destination)
  }

  private static func conntrack(_ name: String, _ value: String) -> RuleTest? {
    func address(_ isReply: Bool, _ side: PacketSide) -> RuleTest? {
      RuleValues.network(value).map {
        .conntrackAddress(isReply: isReply, side, $0.0, prefix: $0.1)
      }
    }
    func port(_ isReply: Bool, _ side: PacketSide) -> RuleTest? {
      RuleValues.portRange(value).map { .conntrackPort(isReply: isReply, side, $0) }
    }
    switch name {
    case "--ctproto": return RuleValues.proto(value).map { .conntrackProtocol($0) }
    case "--ctorigsrc": return address(false, .source)
    case "--ctorigdst": return address(false, .destination)
    case "--ctreplsrc": return address(true, .source)
    case "--ctrepldst": return address(true, .destination)
    case "--ctorigsrcport": return port(false, .source)
    case "--ctorigdstport": return port(false, .destination)
    case "--ctreplsrcport": return port(true, .source)
    case "--ctrepldstport": return port(true, .destination)
    case "--ctdir":
      switch value {
      case "ORIGINAL": return .conntrackDirection(isReply: false)
      case "REPLY": return .conntrackDirection(isReply: true)
      default: return nil
      }
    case "--ctstatus":
      var bits: UInt16 = 0
      for name in value.split(separator: ",") {
        switch name {
        case "EXPECTED": bits |= 1
        case "SEEN_REPLY": bits |= 2
        case "ASSURED": bits |= 4
        case "CONFIRMED": bits |= 8
        case "NONE": break
        default: return nil
        }
      }
      return .conntrackStatus(bits)
    default: return nil
    }
  }
}
