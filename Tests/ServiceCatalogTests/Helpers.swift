import FlowModel
import ServiceCatalog
import Testing

/// `10.0.0.1:80` or `[fd00::1]:80`.
func endpoint(_ text: String) throws -> Endpoint {
  let colon = try #require(text.lastIndex(of: ":"))
  let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
  return Endpoint(
    try #require(Address(host)), try #require(UInt16(text[text.index(after: colon)...])))
}

/// A new TCP connection's first packet, unmarked, at no device in particular.
func syn(_ source: String, _ destination: String) throws -> RulePacket {
  var packet = RulePacket(
    Tuple(.tcp, from: try endpoint(source), to: try endpoint(destination)))
  packet.mark = 0
  packet.tcpFlags = .syn
  packet.states = .new
  packet.localAddresses = []
  return packet
}

/// A filter table whose FORWARD chain has these rules, behind `-A`.
func forward(_ rules: String..., policy: String = "ACCEPT") -> RuleSet {
  let chains = Set(rules.compactMap { $0.split(separator: " ").first.map(String.init) })
  let text =
    ["*filter", ":FORWARD \(policy) [0:0]"]
    + chains.subtracting(["FORWARD"]).sorted().map { ":\($0) - [0:0]" }
    + rules.map { "-A \($0)" } + ["COMMIT", ""]
  return RuleSet(parsing: text.joined(separator: "\n"), RuleOrigin(.ipv4, .nft))
}
