internal import FlowModel

/// A base chain at the hook a packet passes, and the packet as it was there.
struct WalkStage {
  /// Where its rules are.
  enum Content {
    case iptables([String: RuleChain], base: RuleChain)
    case nftables(NFTTable, base: NFTChain)
  }

  var priority: Int
  var origin: RuleOrigin
  var table: Table
  /// Only the first packet of a connection passes it.
  var isNAT: Bool
  var packet: RulePacket
  var content: Content

  /// Those a packet passed at a hook, by priority; the order within one is not known.
  static func stages(
    _ sets: [RuleSet], _ nft: NFTRuleset, at hook: NetfilterHook, tables: [Table]?,
    packet: RulePacket
  ) -> [[WalkStage]] {
    var stages: [WalkStage] = []
    for set in sets where set.origin.family == packet.family {
      for table in set.tables where tables?.contains(table.table) ?? true {
        guard let priority = priority(of: table.table, at: hook),
          let base = table.chains[hook.description],
          let packet = packet.seen(at: hook, priority, isNAT: table.table == .nat)
        else { continue }
        stages.append(
          WalkStage(
            priority: priority, origin: set.origin, table: table.table,
            isNAT: table.table == .nat, packet: packet,
            content: .iptables(table.chains, base: base)))
      }
    }
    if tables == nil { stages += nftables(nft, at: hook, packet) }
    return Dictionary(grouping: stages, by: \.priority).sorted { $0.key < $1.key }.map(\.value)
  }

  private static func nftables(
    _ nft: NFTRuleset, at hook: NetfilterHook, _ packet: RulePacket
  ) -> [WalkStage] {
    var stages: [WalkStage] = []
    let name = hook.description.lowercased()
    for table in nft.tables where table.name.applies(to: packet.family) {
      for chain in table.order.compactMap({ table.chains[$0] }) {
        guard let place = chain.hook, place.hook == name,
          let packet = packet.seen(at: hook, place.priority, isNAT: place.type == "nat")
        else { continue }
        stages.append(
          WalkStage(
            priority: place.priority, origin: RuleOrigin(packet.family, .nftables),
            table: table.name.table, isNAT: place.type == "nat", packet: packet,
            content: .nftables(table, base: chain)))
      }
    }
    return stages
  }

  /// As in linux/netfilter_ipv4.h; `nil` for tables that are none of the usual.
  private static func priority(of table: Table, at hook: NetfilterHook) -> Int? {
    switch table {
    case .raw: -300
    case .mangle: -150
    case .nat: hook == .prerouting || hook == .output ? destinationNAT : sourceNAT
    case .filter: 0
    case .security: 50
    case .other, .kubeProxy: nil
    }
  }

  /// NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST and NF_IP_PRI_NAT_SRC.
  fileprivate static let conntrack = -200
  fileprivate static let destinationNAT = -100
  fileprivate static let sourceNAT = 100
}

extension NFTTableName {
  /// Whether its chains see packets of an IP version.
  fileprivate func applies(to packets: IPFamily) -> Bool {
    family == "inet" || (family == "ip") == (packets == .ipv4)
  }

  /// As events tell it.
  var table: Table { name == "kube-proxy" ? .kubeProxy : .other }
}

extension RulePacket {
  /// The packet as a base chain saw it; `nil` if it came past that chain unharmed, or never met it.
  ///
  /// A packet with NAT already applied at this hook had passed the chains before.
  fileprivate func seen(
    at hook: NetfilterHook, _ priority: Int, isNAT: Bool
  ) -> RulePacket? {
    if isNAT, states.isDisjoint(with: [.new, .related]) { return nil }
    switch hook {
    case .prerouting, .output:
      if isDestinationTranslated, priority <= WalkStage.destinationNAT { return nil }
    case .input, .postrouting:
      if isSourceTranslated, priority <= WalkStage.sourceNAT { return nil }
    case .forward: break
    }
    guard hook == .prerouting || hook == .output, priority < WalkStage.conntrack else {
      return self
    }
    // conntrack has not seen it yet, but for what we sent to ourselves
    if hook == .prerouting, inInterface == "lo" { return self }
    var packet = self
    packet.states = .invalid
    packet.original = nil
    packet.reply = nil
    packet.conntrackStatus = nil
    packet.isReply = nil
    return packet
  }
}
