internal import CLibbpf
package import FlowModel

/// Reads the messages of one namespace's rule trace and tells how packets died.
///
/// Only the first message of each base chain that a packet runs through shows its headers; those
/// behind it have the same number.
package struct RuleTraceReader {
  /// A packet that a rule or a policy dropped.
  package struct Death: Hashable, Sendable {
    package var trace: RuleTrace
    var packet: TracedPacket
  }

  /// Packets by their number, those lately seen.
  private var packets: [UInt32: TracedPacket] = [:]
  private static let packetLimit = 4096

  /// Of `struct nlmsghdr` and `struct nfgenmsg`.
  private static let headerSize = NetfilterMessage.headerSize + 4

  package init() {}

  /// A message from its `struct nlmsghdr` on; `nil` if nothing died, or the message is damaged.
  package mutating func read(_ message: [UInt8]) -> Death? {
    let type = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_TRACE.rawValue)
    guard message.count >= Self.headerSize, NetfilterMessage.type(message) == type else {
      return nil
    }
    let body = NetlinkMessage(message, headerSize: Self.headerSize)
    guard let id = body.bigEndian(Int(NFTA_TRACE_ID.rawValue), as: UInt32.self) else {
      return nil
    }
    if let network = body[Int(NFTA_TRACE_NETWORK_HEADER.rawValue)] {
      if packets.count >= Self.packetLimit { packets.removeAll(keepingCapacity: true) }
      // one that can't be read must not pass for the one before
      packets[id] = TracedPacket(
        network: Array(network),
        transport: Array(body[Int(NFTA_TRACE_TRANSPORT_HEADER.rawValue)] ?? []))
    }
    guard let end = Self.end(body), let packet = packets.removeValue(forKey: id),
      let family = Self.families[message[NetfilterMessage.headerSize]],
      let table = body.text(Int(NFTA_TRACE_TABLE.rawValue)), !table.isEmpty,
      let chain = body.text(Int(NFTA_TRACE_CHAIN.rawValue)), !chain.isEmpty
    else { return nil }
    return Death(
      trace: RuleTrace(family: family, table: table, chain: chain, handle: end.handle),
      packet: packet)
  }

  /// NFPROTO_* of include/uapi/linux/netfilter.h, those IP packets meet.
  private static let families: [UInt8: String] = [
    UInt8(KFT_NFPROTO_INET): "inet", UInt8(KFT_NFPROTO_IPV4): "ip",
    UInt8(KFT_NFPROTO_IPV6): "ip6", 5: "netdev", 7: "bridge",
  ]

  /// Of a family by its name.
  static func number(of family: String) -> UInt8? { families.first { $0.value == family }?.key }

  /// What ended a packet.
  private enum End {
    case rule(UInt64)
    case policy

    var handle: UInt64? { if case .rule(let handle) = self { handle } else { nil } }
  }

  /// `nil` if the packet goes on.
  private static func end(_ body: NetlinkMessage) -> End? {
    switch body.bigEndian(Int(NFTA_TRACE_TYPE.rawValue), as: UInt32.self) {
    case NFT_TRACETYPE_RULE.rawValue:
      // NF_DROP is 0 within NF_VERDICT_MASK; nf_tables' own verdicts are negative
      let verdict = body.nested(Int(NFTA_TRACE_VERDICT.rawValue))?.bigEndian(
        Int(NFTA_VERDICT_CODE.rawValue), as: UInt32.self)
      guard let verdict, verdict & 0xff == 0,
        let handle = body.bigEndian(Int(NFTA_TRACE_RULE_HANDLE.rawValue), as: UInt64.self)
      else { return nil }
      return .rule(handle)
    case NFT_TRACETYPE_POLICY.rawValue:
      return body.bigEndian(Int(NFTA_TRACE_POLICY.rawValue), as: UInt32.self) == 0
        ? .policy : nil
    default: return nil
    }
  }
}
