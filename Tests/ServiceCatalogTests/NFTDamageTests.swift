import FlowModel
import ServiceCatalog
import Testing

private let sample = #"""
  {"nftables": [{"metainfo": {"version": "9.9", "json_schema_version": 1}},
  {"table": {"family": "ip", "name": "t", "handle": 1, "comment": 5}},
  {"set": {"family": "ip", "name": "s", "table": "t", "type": {"typeof": "x"}, "elem": [1, [2]]}},
  {"chain": {"family": "ip", "table": "t", "name": "f", "handle": 1, "type": "filter",
    "hook": "forward", "prio": 0, "policy": "accept"}},
  {"rule": {"family": "ip", "table": "t", "chain": "f", "handle": 2, "expr": [
    {"match": {"op": "==", "left": {"newthing": {"key": [1.5, null]}}, "right": true}},
    {"drop": null}]}},
  {"rule": {"family": "ip", "table": "t", "chain": "f", "handle": 3, "expr": [
    {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
      "right": "@s"}}, {"futurestatement": {}}, {"drop": null}]}},
  {"rule": {"family": "ip", "table": "t", "chain": "f", "handle": 4, "expr": [
    {"jump": {"target": "nowhere"}}]}},
  {"rule": {"family": "ip", "table": "t", "chain": "gone", "handle": 5, "expr": [{"drop": null}]}},
  {"rule": {"family": "ip", "table": "t"}}, {"flowtable": {}}, 7, {}]}
  """#

@Test func whatIsNotKnownIsLikelyAtBest() throws {
  let rules = NodeRules(nft: try NFTRuleset(parsing: Array(sample.utf8)))
  let found = rules.dropCandidates(hook: .forward, packet: try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.map(\.certainty) == [.likely, .likely])
  #expect(found.map { $0.specification.hasSuffix("drop # handle 2") } == [true, false])
  #expect(found.first?.reasons.first?.contains("newthing") ?? false)
}

/// Cut off anywhere it is an error, never a crash.
@Test func damagedJSONIsRefused() throws {
  let bytes = Array(sample.utf8)
  for count in stride(from: 0, to: bytes.count, by: 7) {
    #expect(throws: (any Error).self) { try NFTRuleset(parsing: Array(bytes[..<count])) }
  }
  for foreign in ["[]", "{}", "null", "{\"nftables\": {}}", "\"text\"", "table ip filter {"] {
    #expect(throws: (any Error).self) { try NFTRuleset(parsing: Array(foreign.utf8)) }
  }
  #expect(try NFTRuleset(parsing: Array(#"{"nftables": []}"#.utf8)).isEmpty)
}

/// Bytes changed at random give rules or an error.
@Test func changedBytesDoNotCrash() throws {
  let bytes = Array(sample.utf8)
  var random = SystemRandomNumberGenerator()
  let packet = try syn("10.0.0.1:1", "10.0.0.2:80")
  for _ in 0..<2_000 {
    var changed = bytes
    for _ in 0..<3 {
      changed[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
        in: 32...126, using: &random)
    }
    guard let ruleset = try? NFTRuleset(parsing: changed) else { continue }
    let rules = NodeRules(nft: ruleset)
    _ = rules.evaluate(hook: .forward, packet: packet)
    _ = rules.catalog
  }
}
