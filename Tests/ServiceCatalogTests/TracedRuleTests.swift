import FlowModel
import ServiceCatalog
import Testing

@Suite struct TracedRuleTests {
  private let set = forward(
    "FORWARD -j KUBE-POLICY-X",
    "KUBE-POLICY-X -p tcp -m statistic --mode random --probability 0.5 -j DROP",
    "KUBE-POLICY-X -p tcp -m comment --comment rest -j DROP", policy: "DROP")

  private func trace(_ chain: String, _ handle: UInt64?, family: String = "ip") -> RuleTrace {
    RuleTrace(family: family, table: "filter", chain: chain, handle: handle)
  }

  private func candidates(_ rules: NodeRules) throws -> [RuleMatch] {
    rules.dropCandidates(hook: .forward, packet: try syn("10.0.0.1:1", "10.0.0.2:80"))
  }

  @Test func ofTwoLikelyRulesTheKernelNamesOne() throws {
    let rules = NodeRules(ruleSets: [set])
    let walked = try candidates(rules)
    #expect(walked.count == 2 && walked.allSatisfy { $0.certainty == .likely })
    let named = trace("KUBE-POLICY-X", 33)
    let match = try #require(rules.match(for: named, position: 2, among: walked))
    #expect(match.certainty == .certain && match.rule?.comment == "rest")
    #expect(
      match.reasons == [
        "the kernel's rule trace: ip filter KUBE-POLICY-X rule handle 33 verdict drop"
      ])
    #expect(match.path.count == 1, "what led there is kept")
  }

  @Test func aRuleTheWalkDidNotFindIsFoundAllTheSame() throws {
    let rules = NodeRules(ruleSets: [set])
    let match = try #require(
      rules.match(for: trace("KUBE-POLICY-X", 32), position: 1, among: []))
    #expect(match.specification.contains("statistic") && match.certainty == .certain)
  }

  @Test func aPolicy() throws {
    let rules = NodeRules(ruleSets: [forward(policy: "DROP")])
    let walked = try candidates(rules)
    for known in [walked, []] {
      let match = try #require(
        rules.match(for: trace("FORWARD", nil), position: nil, among: known))
      #expect(match.specification == "-P FORWARD DROP" && match.rule == nil)
    }
  }

  @Test(arguments: [nil, 0, 3, 99]) func aRuleThatIsGone(_ position: Int?) throws {
    let rules = NodeRules(ruleSets: [set])
    #expect(
      rules.match(
        for: trace("KUBE-POLICY-X", 33), position: position, among: try candidates(rules)) == nil)
  }

  @Test func anotherFamilyBackEndOrTableIsNotMeant() throws {
    let rules = NodeRules(ruleSets: [set])
    let walked = try candidates(rules)
    #expect(
      rules.match(for: trace("KUBE-POLICY-X", 33, family: "ip6"), position: 2, among: walked)
        == nil)
    #expect(
      rules.match(for: trace("KUBE-POLICY-X", 33, family: "inet"), position: 2, among: walked)
        == nil)
    var legacy = set
    legacy.origin = RuleOrigin(.ipv4, .legacy)
    let old = NodeRules(ruleSets: [legacy])
    #expect(
      old.match(for: trace("KUBE-POLICY-X", 33), position: 2, among: try candidates(old)) == nil)
  }

  @Test func rulesOfNftablesGoByTheirHandle() async throws {
    let lab = try RuleLab(
      restore: "nft -f -",
      """
      table inet filter {
        chain forward {
          type filter hook forward priority 0; policy drop;
          numgen random mod 2 == 0 drop comment "chance"
          tcp dport 80 drop comment "rest"
        }
      }
      """)
    let rules = await NodeRules.read(netns: lab.netns)
    let walked = try candidates(rules)
    #expect(walked.count == 2)
    let listed = try lab.inside("r", "nft -a list chain inet filter forward")
    let handle = try #require(
      listed.firstMatch(of: /rest" # handle (\d+)/).flatMap { UInt64($0.1) })
    func match(_ handle: UInt64?, _ among: [RuleMatch]) -> RuleMatch? {
      let trace = RuleTrace(family: "inet", table: "filter", chain: "forward", handle: handle)
      return rules.match(for: trace, position: 1, among: among)
    }
    for known in [walked, []] {
      #expect(match(handle, known)?.rule?.comment == "rest")
      #expect(match(handle, known)?.tableText == "inet filter")
      #expect(match(4711, known) == nil)
      #expect(match(nil, known)?.specification == "policy drop")
    }
  }

  @Test func aTracersOwnTableIsNoPartOfTheRules() async throws {
    let lab = try RuleLab(
      restore: "nft -f -",
      """
      table inet kflowtrace-1 {
        chain prerouting { type filter hook prerouting priority -310; }
      }
      """)
    let rules = await NodeRules.read(netns: lab.netns)
    #expect(rules.nft.isEmpty && rules.missing == [])
  }

  /// nft 1.0.6 prints garbage or crashes when it is to list tables with flags as JSON.
  @Test func rulesBesideATableWithFlags() async throws {
    let lab = try RuleLab(
      restore: "nft -f -",
      """
      table inet flagged {
        flags dormant;
      }
      table ip late {
        chain forward {
          type filter hook forward priority 0; policy drop;
        }
      }
      table bridge other {
      }
      """)
    for _ in 0..<5 {
      let rules = await NodeRules.read(netns: lab.netns)
      #expect(try candidates(rules).map(\.tableText) == ["ip late"])
    }
  }
}
