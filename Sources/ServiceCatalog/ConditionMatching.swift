internal import FlowModel

/// Yes, no, or not to be told from what is known.
enum Answer {
  case yes
  case no
  case maybe

  init(_ value: Bool?) { self = value.map { $0 ? .yes : .no } ?? .maybe }

  /// The opposite; what is not known stays so.
  static prefix func ! (answer: Answer) -> Answer {
    switch answer {
    case .yes: .no
    case .no: .yes
    case .maybe: .maybe
    }
  }

  /// Yes if one is.
  static func || (a: Answer, b: Answer) -> Answer {
    if a == .yes || b == .yes { return .yes }
    return a == .maybe || b == .maybe ? .maybe : .no
  }
}

/// A mark of which some bits are known.
struct KnownMark: Equatable {
  private(set) var value: UInt32
  private(set) var known: UInt32

  init(_ mark: UInt32?) {
    value = mark ?? 0
    known = mark == nil ? 0 : .max
  }

  /// The bits a rule sets are known whatever the mark was.
  init(value: UInt32, known: UInt32) {
    self.value = value & known
    self.known = known
  }

  /// `mark & mask == wanted`.
  func matches(_ wanted: UInt32, mask: UInt32) -> Answer {
    if wanted & ~mask != 0 || (value ^ wanted) & mask & known != 0 { return .no }
    return mask & ~known == 0 ? .yes : .maybe
  }

  /// `--set-xmark`: clears the mask's bits, then flips the value's.
  mutating func set(xor flipped: UInt32, mask: UInt32) {
    value = (value & ~mask) ^ flipped
    known |= mask
  }

  /// Nothing is known any more.
  mutating func forget() { known = 0 }

  /// Keeps what holds for both.
  func merged(with other: KnownMark) -> KnownMark {
    var result = self
    result.known = known & other.known & ~(value ^ other.value)
    return result
  }
}

extension RulePacket {
  /// Whether a condition holds at a hook, with the mark as it is on the way.
  func answer(_ condition: RuleCondition, at hook: NetfilterHook, mark: KnownMark) -> Answer {
    if isWithoutEntry(condition.test) { return .no }
    let answer = self.answer(condition.test, at: hook, mark: mark)
    return condition.isNegated ? !answer : answer
  }

  /// A packet without conntrack entry fails all of xt_conntrack but the state, negated or not.
  private func isWithoutEntry(_ test: RuleTest) -> Bool {
    guard states.isSubset(of: .withoutEntry) else { return false }
    switch test {
    case .conntrackAddress, .conntrackPort, .conntrackProtocol, .conntrackDirection,
      .conntrackStatus:
      return true
    default: return false
    }
  }

  private func answer(_ test: RuleTest, at hook: NetfilterHook, mark: KnownMark) -> Answer {
    switch test {
    case .address(let side, let network, let prefix):
      Answer(end(side).address.isIn(network, prefix: prefix))
    case .addressRange(let side, let range): Answer(range.contains(end(side).address))
    case .proto(let proto): Answer(tuple.proto == proto)
    case .interface(let side, let pattern): interface(side, pattern, at: hook)
    case .fragment: Answer(isLaterFragment)
    case .ports(let side, let ranges): ports(side, ranges)
    case .tcpFlags(let mask, let set): flags(mask, set)
    case .icmp(let type, let code): icmp(type, code)
    case .mark(let value, let mask): mark.matches(value, mask: mask)
    case .length(let range): Answer(length.map { range.contains($0) })
    case .addressType(let side, let types):
      types.reduce(.no) { $0 || addressType(end(side).address, $1) }
    case .conntrackState(let wanted, let sourceNAT, let destinationNAT):
      state(wanted, sourceNAT: sourceNAT, destinationNAT: destinationNAT)
    case .conntrackAddress(let isReply, let side, let network, let prefix):
      Answer(entry(isReply, side).map { $0.address.isIn(network, prefix: prefix) })
    case .conntrackPort(let isReply, let side, let range):
      Answer(entry(isReply, side).map { range.contains($0.port) })
    case .conntrackProtocol(let proto): Answer(original.map { $0.proto == proto })
    case .conntrackDirection(let wanted): Answer(isReply.map { $0 == wanted })
    case .conntrackStatus(let bits): Answer(conntrackStatus.map { $0 & bits != 0 })
    case .extension: .maybe
    }
  }

  private func end(_ side: PacketSide) -> Endpoint {
    side == .source ? tuple.source : tuple.destination
  }

  private func entry(_ isReply: Bool, _ side: PacketSide) -> Endpoint? {
    (isReply ? reply : original).map { side == .source ? $0.source : $0.destination }
  }

  private func interface(
    _ side: PacketSide, _ pattern: String, at hook: NetfilterHook
  ) -> Answer {
    // a device that the hook does not have matches as an empty name
    let name: String? =
      switch (side, hook) {
      case (.source, .output), (.destination, .prerouting), (.destination, .input): ""
      case (.source, _): inInterface
      case (.destination, _): outInterface
      }
    if pattern == "+" { return .yes }
    guard let name else { return .maybe }
    return Answer(
      pattern.hasSuffix("+") ? name.hasPrefix(pattern.dropLast()) : name == pattern)
  }

  private func ports(_ side: PacketSide?, _ ranges: [ClosedRange<UInt16>]) -> Answer {
    // a later fragment has no ports, and never matches
    guard tuple.proto.hasPorts || tuple.proto.rawValue == 33 || tuple.proto.rawValue == 136,
      isLaterFragment != true
    else { return .no }
    let sides: [PacketSide] = side.map { [$0] } ?? [.source, .destination]
    return Answer(sides.contains { side in ranges.contains { $0.contains(end(side).port) } })
  }

  private func flags(_ mask: TCPFlags, _ set: TCPFlags) -> Answer {
    guard tuple.proto == .tcp else { return .no }
    return Answer(tcpFlags.map { $0.rawValue & mask.rawValue == set.rawValue })
  }

  private func icmp(_ type: UInt8, _ code: UInt8?) -> Answer {
    guard tuple.proto == .icmp || tuple.proto == .icmpv6 else { return .no }
    // 255 is how the kernel writes "any" for ICMP
    if tuple.proto == .icmp, type == 255 { return .yes }
    guard let icmpType else { return .maybe }
    if icmpType != type { return .no }
    return code.map { wanted in Answer(icmpCode.map { $0 == wanted }) } ?? .yes
  }

  private func state(
    _ wanted: ConntrackStates, sourceNAT: Bool, destinationNAT: Bool
  ) -> Answer {
    var answer: Answer = .maybe
    if states.isSubset(of: wanted) { answer = .yes }
    if states.isDisjoint(with: wanted) { answer = .no }
    // IPS_SRC_NAT and IPS_DST_NAT
    let bits: UInt16 = (sourceNAT ? 0x10 : 0) | (destinationNAT ? 0x20 : 0)
    if bits == 0 || states.isSubset(of: .withoutEntry) { return answer }
    return answer || Answer(conntrackStatus.map { $0 & bits != 0 })
  }

  /// Whether an address is `LOCAL`, `UNICAST` or `MULTICAST` to this node.
  func addressType(_ address: Address, _ type: String) -> Answer {
    let isMulticast =
      address.isIPv4 ? address.low >> 28 & 0xf == 0xe : address.high >> 56 == 0xff
    let isBroadcast = address == Address(v4: .max)
    let isLocal: Bool? =
      address.isLoopback ? true : isMulticast ? false : localAddresses?.contains(address)
    switch type {
    case "LOCAL": return Answer(isLocal)
    case "MULTICAST": return Answer(isMulticast)
    case "UNICAST":
      if isMulticast || isBroadcast || isLocal == true { return .no }
      // .255 may be the broadcast address of a network the node is in
      return address.isIPv4 && address.low & 0xff == 0xff ? .maybe : Answer(isLocal.map { !$0 })
    default: return .maybe
    }
  }
}
