import FlowModel
import ServiceCatalog
import Testing

private let origin = RuleOrigin(.ipv4, .nft)

@Test func parsesWhatKubeProxyWrote() throws {
  let set = RuleSet(parsing: kubeProxy120Rules, origin)
  #expect(set.problems.isEmpty)
  #expect(set.isComplete)
  #expect(set.tables.map(\.name) == ["mangle", "filter", "nat"])
  let lines = kubeProxy120Rules.split(separator: "\n").filter { $0.hasPrefix("-A ") }
  #expect(set.ruleCount == lines.count)
  let kept = set.tables.flatMap { table in
    table.order.compactMap { table.chains[$0] }.flatMap(\.rules).map(\.specification)
  }
  #expect(Set(kept) == Set(lines.map(String.init)))
  // everything kube-proxy asks of a packet is understood, but for chance and memory
  let unknown = set.tables.flatMap { $0.chains.values.flatMap(\.rules) }.flatMap(\.conditions)
    .compactMap { if case .extension(let match) = $0.test { match.module } else { nil } }
  #expect(Set(unknown) == ["statistic", "recent"])
}

@Test func parsesRulesInFull() throws {
  let set = RuleSet(
    parsing: #"""
      *filter
      :FORWARD DROP [7:420]
      :X - [0:0]
      [12:720] -A FORWARD ! -s 10.0.0.0/255.0.0.0 -i eth+ -p tcp -m comment --comment "a \"b\" c\\d it\'s -j ACCEPT" -m multiport ! --dports 80,90:99 -m mark --mark 0x10/0xf0 -g X
      [0:0] -A X -m comment --comment plain -m set ! --match-set blocked src,dst -j DROP
      [0:0] -A X -m comment --comment plain -m set ! --match-set blocked src,dst -j DROP
      [1:2] -A X
      COMMIT

      """#, origin)
  #expect(set.problems.isEmpty)
  let chain = try #require(set.chain("FORWARD", in: .filter))
  #expect(chain.policy == "DROP")
  #expect(chain.policyCounters == RuleCounters(packets: 7, bytes: 420))
  let rule = try #require(chain.rules.first)
  #expect(rule.comment == #"a "b" c\d it's -j ACCEPT"#)
  #expect(rule.counters == RuleCounters(packets: 12, bytes: 720))
  #expect(rule.jump == .goto("X"))
  let network = try #require(Address("10.0.0.0"))
  #expect(
    rule.conditions == [
      RuleCondition(.address(.source, network, prefix: 8), isNegated: true),
      RuleCondition(.interface(.source, "eth+")),
      RuleCondition(.proto(.tcp)),
      RuleCondition(.ports(.destination, [80...80, 90...99]), isNegated: true),
      RuleCondition(.mark(value: 0x10, mask: 0xf0)),
    ])
  let x = try #require(set.chain("X", in: .filter)).rules
  #expect(x.map(\.index) == [1, 2, 3])
  #expect(x.map(\.occurrence) == [0, 1, 0])
  #expect(x[0].extensionMatch("set")?.description == "-m set ! --match-set blocked src,dst")
  #expect(x[2].jump == .none)
}

@Test func malformedLinesAreToldAndSkipped() {
  let set = RuleSet(
    parsing: """
      # Warning: iptables-legacy tables present, use iptables-legacy-save to see them
      -A FORWARD -j DROP
      *filter
      :FORWARD
      :FORWARD ACCEPT [x:y]
      [1:z] -A FORWARD -j DROP
      -D FORWARD -j DROP
      -A FORWARD -m comment --comment "open -j DROP
      hello
      -A FORWARD -j ACCEPT
      COMMIT

      """, origin)
  #expect(set.problems.map(\.line) == [2, 4, 6, 7, 8, 9])
  #expect(set.problemCount == 6)
  #expect(set.ruleCount == 1)
  #expect(set.warnings.count == 1)
  #expect(set.isComplete)
}

@Test func aCutRulesetKeepsWhatIsWhole() throws {
  let bytes = Array(kubeProxyModernRules.utf8)
  let whole = RuleSet(parsing: bytes, origin)
  let all = Set(whole.tables.flatMap { $0.chains.values.flatMap(\.rules).map(\.specification) })
  for count in stride(from: 0, to: bytes.count, by: 97) {
    let cut = RuleSet(parsing: Array(bytes[..<count]), origin)
    let kept = cut.tables.flatMap { $0.chains.values.flatMap(\.rules).map(\.specification) }
    #expect(all.isSuperset(of: kept), "cut at \(count)")
  }
  let beforeCommit = RuleSet(parsing: kubeProxyModernRules.dropLast(20), origin)
  #expect(!beforeCommit.isComplete)
}

@Test func junkIsNoRuleset() {
  var state: UInt64 = 42
  for _ in 0..<200 {
    let bytes = (0..<512).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let kinds = Array("*:-[]A \"\\\n\0\u{ff}".utf8)
      let roll = UInt8(truncatingIfNeeded: state >> 56)
      return roll < 128 ? kinds[Int(roll) % kinds.count] : roll
    }
    let set = RuleSet(parsing: Array("*filter\n".utf8) + bytes, origin)
    #expect(set.problemCount > 0)
    #expect(set.problems.count <= RuleSet.problemLimit)
  }
}

@Test func longNamesSurvive() throws {
  let name = String(repeating: "x", count: 255)
  let set = forward("FORWARD -j \(name)", "\(name) -j DROP")
  let match = try #require(
    set.dropCandidates(hook: .forward, packet: syn("10.0.0.1:1", "10.0.0.2:2")).first)
  #expect(match.chain == name)
  #expect(match.certainty == .certain)
}

@Test func twentyThousandRulesAreReadFast() throws {
  var text = "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n"
  for i in 0..<20_000 {
    text +=
      "[0:0] -A KUBE-SERVICES -d 10.\(i >> 16 & 255).\(i >> 8 & 255).\(i & 255)/32 -p tcp -m "
      + "comment --comment \"ns/service-\(i):http cluster IP\" -m tcp --dport 80 "
      + "-j KUBE-SVC-\(i)\n"
  }
  text += "COMMIT\n"
  let clock = ContinuousClock()
  var set = RuleSet(origin)
  let parsing = clock.measure { set = RuleSet(parsing: text, origin) }
  #expect(set.ruleCount == 20_000)
  #expect(parsing < .seconds(6))
  var catalog = ServiceCatalog(services: [])
  let building = clock.measure { catalog = ServiceCatalog([set]) }
  #expect(catalog.services.count == 20_000)
  #expect(building < .seconds(2))
  print("20,000 rules: parsed in \(parsing), catalog in \(building)")
}
