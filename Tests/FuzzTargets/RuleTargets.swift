internal import FlowModel
internal import Rendering
internal import ServiceCatalog

/// Packets that are sent through whatever rules there are.
private let packets: [RulePacket] = {
  func endpoint(_ address: UInt32, _ port: UInt16) -> Endpoint {
    Endpoint(Address(v4: address), port)
  }
  let v4 = Tuple(.tcp, from: endpoint(0x0af4_0105, 43122), to: endpoint(0x0a60_0032, 80))
  let v6 = Tuple(
    .udp, from: Endpoint(Address(high: 0xfd00_0010_0244_0001, low: 5), 53),
    to: Endpoint(Address(high: 0xfd00_0010_0096_0000, low: 10), 53))
  return [v4, v6].map { RulePacket($0) }
}()

private func walk(_ rules: NodeRules) {
  for packet in packets {
    for hook in NetfilterHook.allCases {
      for match in rules.evaluate(hook: hook, packet: packet) {
        requireHarmless(match.specification.printable)
        for reason in match.reasons { requireHarmless(reason.printable) }
      }
    }
  }
  for service in rules.catalog.services { requireHarmless(service.fullName.printable) }
}

/// What iptables-save printed, as of either IP version.
@Sendable func readIPTables(_ bytes: [UInt8]) {
  walk(
    NodeRules(ruleSets: [
      RuleSet(parsing: bytes, RuleOrigin(.ipv4, .nft)),
      RuleSet(parsing: bytes, RuleOrigin(.ipv6, .legacy)),
    ]))
}

/// What `nft -j list table` printed, and a message of nfnetlink about a table.
@Sendable func readNFT(_ bytes: [UInt8]) {
  if let table = unsafe bytes.withUnsafeBytes({ unsafe NFTTableName(message: $0) }) {
    requireHarmless("\(table)".printable)
  }
  guard let ruleset = try? NFTRuleset(parsing: bytes) else { return }
  for rule in ruleset.rules { requireHarmless(rule.specification.printable) }
  walk(NodeRules(nft: ruleset))
}

/// The text of /proc/net/ip_vs.
@Sendable func readIPVS(_ bytes: [UInt8]) {
  let table = IPVSTable(parsing: String(decoding: bytes, as: UTF8.self), ticks: 250)
  if let problem = table.problem { requireHarmless(problem.printable) }
  walk(NodeRules(ipvs: table))
}
