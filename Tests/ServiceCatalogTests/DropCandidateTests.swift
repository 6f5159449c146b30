import FlowModel
import ServiceCatalog
import Testing

private func candidates(_ set: RuleSet, _ packet: RulePacket) -> [RuleMatch] {
  set.dropCandidates(hook: .forward, packet: packet)
}

@Test func aDecidableDropIsCertain() throws {
  let set = forward(
    "FORWARD -j POLICY", "POLICY -d 10.0.0.3/32 -j DROP",
    "POLICY -d 10.0.0.2/32 -p tcp -m tcp --dport 80 -j DROP", "POLICY -j DROP")
  let found = candidates(set, try syn("10.0.0.1:1000", "10.0.0.2:80"))
  #expect(found.count == 1)
  #expect(found.first?.rule?.index == 2)
  #expect(found.first?.certainty == .certain)
  #expect(found.first?.path.map(\.specification) == ["-A FORWARD -j POLICY"])
  #expect(found.first?.listCommand == "iptables -L POLICY -nv --line-numbers")
}

@Test func nothingDropsAnAcceptedPacket() throws {
  let set = forward("FORWARD -s 10.0.0.0/24 -j ACCEPT", "FORWARD -j DROP", policy: "DROP")
  #expect(candidates(set, try syn("10.0.0.1:1", "10.9.0.2:80")).isEmpty)
  #expect(candidates(set, try syn("10.1.0.1:1", "10.9.0.2:80")).map(\.rule?.index) == [2])
}

@Test func aPolicyIsNamed() throws {
  let set = forward("FORWARD -d 10.0.0.3/32 -j ACCEPT", policy: "DROP")
  let found = candidates(set, try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.map(\.specification) == ["-P FORWARD DROP"])
  #expect(found.first?.certainty == .certain)
}

@Test func whatIsNotKnownMakesItLikely() throws {
  let set = forward(
    "FORWARD -m set --match-set allowed src -j ACCEPT",
    "FORWARD -m limit --limit 5/sec -j LIMITED",
    "FORWARD -p udp -m set --match-set other src -j DROP",
    "LIMITED -m recent --rcheck --name X -j RETURN", "LIMITED -j DROP",
    policy: "DROP")
  let found = candidates(set, try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.map(\.specification) == ["-A LIMITED -j DROP", "-P FORWARD DROP"])
  #expect(found.allSatisfy { $0.certainty == .likely })
  #expect(found.last?.reasons.contains { $0.contains("--match-set allowed") } ?? false)
}

/// A return that is not decided leaves doubt in its chain, not behind it.
@Test func doubtEndsWithItsChain() throws {
  let set = forward(
    "FORWARD -j A", "FORWARD -j DROP", "A -m statistic --mode random --probability 0.5 -j RETURN",
    "A -j MARK --set-xmark 0x1/0x1")
  let found = candidates(set, try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.map(\.certainty) == [.certain])
}

@Test func marksAreFollowed() throws {
  let set = forward(
    "FORWARD -j MARK --set-xmark 0x10/0xf0", "FORWARD -j M",
    "FORWARD -m mark ! --mark 0x20/0xf0 -j DROP", "M -m mark --mark 0x10/0xf0 -j M2",
    "M2 -j MARK --set-xmark 0x30/0x0", "FORWARD -j ACCEPT")
  // 0x10 ^ 0x30 = 0x20, whatever the mark was
  var packet = try syn("10.0.0.1:1", "10.0.0.2:80")
  packet.mark = nil
  #expect(candidates(set, packet).isEmpty)
  let chance = forward(
    "FORWARD -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x1/0x1",
    "FORWARD -m mark --mark 0x1/0x1 -j DROP", "FORWARD -m mark --mark 0x2/0x2 -j DROP")
  packet.mark = 0
  #expect(candidates(chance, packet).map(\.rule?.index) == [2])
  #expect(candidates(chance, packet).first?.certainty == .likely)
}

@Test func gotoComesBackToTheCaller() throws {
  let set = forward(
    "FORWARD -j A", "FORWARD -j DROP", "A -g B", "A -j REJECT --reject-with tcp-reset",
    "B -p udp -j DROP")
  let found = candidates(set, try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.map(\.specification) == ["-A FORWARD -j DROP"])
}

@Test(arguments: [
  ("-m conntrack --ctstate INVALID", ConntrackStates.invalid, true),
  ("-m conntrack --ctstate INVALID", .new, false),
  ("-m conntrack ! --ctstate RELATED,ESTABLISHED", .new, true),
  ("-m conntrack --ctstate DNAT", .new, true),
  ("-m conntrack --ctstate SNAT", .new, false),
  ("-m conntrack --ctorigdst 10.96.0.0/16", .new, true),
  ("-m conntrack ! --ctorigdst 10.96.0.0/16", .invalid, false),
  ("-m conntrack --ctorigdstport 80 --ctdir ORIGINAL", .established, true),
  ("-m conntrack --ctstatus SEEN_REPLY", .new, false),
  ("-m state --state NEW,UNTRACKED", .new, true),
])
func conntrackMatches(_ match: String, _ states: ConntrackStates, _ isDropped: Bool) throws {
  var packet = try syn("10.0.0.1:1000", "10.244.2.8:8080")
  let original = Tuple(.tcp, from: packet.tuple.source, to: try endpoint("10.96.0.50:80"))
  packet.states = states
  if states != .invalid {
    packet.original = original
    packet.reply = packet.tuple.inverse
    packet.isReply = false
    packet.conntrackStatus = 0x20
  }
  let found = candidates(forward("FORWARD \(match) -j DROP"), packet)
  #expect(found.map(\.certainty) == (isDropped ? [.certain] : []))
}

@Test(arguments: [
  ("-m addrtype --dst-type LOCAL", false), ("-m addrtype ! --dst-type LOCAL", true),
  ("-m addrtype --src-type LOCAL", true), ("-m addrtype --dst-type UNICAST,LOCAL", true),
  ("-m addrtype --dst-type MULTICAST", false),
  ("-m iprange --src-range 10.0.0.1-10.0.0.9", true),
  ("-i eth+ ! -o veth+", true), ("-i eth", false), ("-p udp", false), ("! -p udp", true),
  ("-p tcp -m tcp --sport 1000:", true), ("-p tcp -m tcp --sport :999", false),
  ("-p tcp -m multiport --ports 22,8080", true), ("-m length --length 61:", false),
  ("-p tcp -m tcp ! --tcp-flags SYN,ACK SYN", false), ("-f", false), ("! -f", true),
])
func packetMatches(_ match: String, _ isDropped: Bool) throws {
  var packet = try syn("10.0.0.1:1000", "10.244.2.8:8080")
  packet.inInterface = "eth0"
  packet.outInterface = "flannel.1"
  packet.length = 60
  packet.isLaterFragment = false
  packet.localAddresses = [packet.tuple.source.address]
  let found = candidates(forward("FORWARD \(match) -j DROP"), packet)
  #expect(found.map(\.certainty) == (isDropped ? [.certain] : []))
}

@Test func loopsEnd() throws {
  let set = forward(
    "FORWARD -j KUBE-A", "KUBE-A -j KUBE-B", "KUBE-B -j KUBE-A", "KUBE-B -j DROP")
  let found = candidates(set, try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.map(\.certainty) == [.likely])
}

/// Chains that each call the next twice: 2^40 ways to walk.
@Test func explosionsEnd() throws {
  var rules = ["-A FORWARD -j C0"]
  for i in 0..<40 { rules += ["-A C\(i) -j C\(i + 1)", "-A C\(i) -j C\(i + 1)"] }
  let text =
    "*filter\n:FORWARD DROP [0:0]\n" + rules.joined(separator: "\n")
    + "\n-A C40 -p udp -j ACCEPT\nCOMMIT\n"
  let set = RuleSet(parsing: text, RuleOrigin(.ipv4, .nft))
  let found = candidates(set, try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.map(\.specification) == ["-P FORWARD DROP"])
  #expect(found.first?.certainty == .likely)
}

@Test func kubeProxyRejectsWhatHasNoEndpoints() throws {
  let set = RuleSet(parsing: kubeProxyModernRules, RuleOrigin(.ipv4, .nft))
  let found = candidates(set, try syn("10.244.1.5:4000", "10.96.0.52:80"))
  #expect(found.map(\.rule?.comment) == ["default/empty has no endpoints"])
  #expect(found.first?.verdict == .reject("icmp-port-unreachable"))
  #expect(found.first?.certainty == .certain)
  #expect(candidates(set, try syn("10.244.1.5:4000", "10.244.2.8:8080")).isEmpty)
  var local = try syn("192.168.1.99:4000", "192.168.1.11:30083")
  local.localAddresses = [local.tuple.destination.address]
  let refused = set.dropCandidates(hook: .input, packet: local)
  #expect(refused.map(\.rule?.index) == [1])
}

/// A packet that is translated already got past the tables before NAT.
@Test func tablesBeforeNATAreBehindATranslatedPacket() throws {
  let set = RuleSet(
    parsing: """
      *raw
      :OUTPUT ACCEPT [0:0]
      -A OUTPUT -d 10.244.2.8/32 -j DROP
      COMMIT
      *filter
      :OUTPUT ACCEPT [0:0]
      -A OUTPUT -d 10.244.2.8/32 -j DROP
      COMMIT

      """, RuleOrigin(.ipv4, .nft))
  var packet = try syn("10.0.0.1:1000", "10.244.2.8:8080")
  #expect(set.dropCandidates(hook: .output, packet: packet).map(\.table) == [.raw])
  packet.original = Tuple(.tcp, from: packet.tuple.source, to: try endpoint("10.96.0.50:80"))
  packet.isReply = false
  #expect(set.dropCandidates(hook: .output, packet: packet).map(\.table) == [.filter])
  #expect(set.dropCandidates(hook: .output, tables: [.raw], packet: packet).isEmpty)
}

@Test func bothBackendsRun() throws {
  var legacy = forward("FORWARD -d 10.0.0.2/32 -j DROP")
  legacy.origin.backend = .legacy
  let open = forward("FORWARD -j ACCEPT")
  let packet = try syn("10.0.0.1:1", "10.0.0.2:80")
  let one = NodeRules(ruleSets: [open, legacy]).dropCandidates(hook: .forward, packet: packet)
  #expect(one.map(\.origin.backend) == [.legacy])
  #expect(one.first?.certainty == .certain)
  let two = NodeRules(ruleSets: [forward("FORWARD -j DROP"), legacy])
    .dropCandidates(hook: .forward, packet: packet)
  #expect(two.map(\.certainty) == [.likely, .likely])
}

@Test func countersConfirm() throws {
  func reading(_ first: Int, _ second: Int) -> RuleSet {
    RuleSet(
      parsing: """
        *filter
        :FORWARD ACCEPT [0:0]
        [\(first):60] -A FORWARD -m set --match-set a src -j DROP
        [\(second):60] -A FORWARD -m set --match-set a src -j DROP
        COMMIT

        """, RuleOrigin(.ipv4, .nft))
  }
  let before = reading(5, 5)
  let found = candidates(before, try syn("10.0.0.1:1", "10.0.0.2:80"))
  #expect(found.count == 2)
  func confirm(_ after: RuleSet, drops: Int) -> [String] {
    RuleSet.confirm(found, before: before, after: after, drops: drops).map {
      "\($0.rule?.index ?? 0) \($0.certainty)"
    }
  }
  #expect(confirm(reading(5, 8), drops: 3) == ["2 certain"])
  #expect(confirm(reading(5, 8), drops: 4) == ["2 likely"])
  #expect(confirm(reading(6, 8), drops: 1) == ["1 likely", "2 likely"])
  #expect(confirm(reading(5, 5), drops: 1) == ["1 likely", "2 likely"])
  // counters that were reset, or rules that are gone, do not tell
  #expect(confirm(reading(0, 8), drops: 1) == ["1 likely", "2 likely"])
  #expect(confirm(RuleSet(before.origin), drops: 1) == ["1 likely", "2 likely"])
}

@Test func readsAPacketFromAnEvent() throws {
  let tuple = Tuple(
    .tcp, from: try endpoint("10.244.1.5:4000"), to: try endpoint("10.244.2.8:8080"))
  var event = Event(time: 0, netns: 1, hook: .drop, tuple: tuple)
  event.netfilterHook = .forward
  #expect(RulePacket(event).states == .withoutEntry)
  let original = Tuple(.tcp, from: tuple.source, to: try endpoint("10.96.0.50:80"))
  event.conntrack = Event.Conntrack(
    original: original, reply: tuple.inverse, status: 0x20, zone: 0, isReply: false)
  #expect(RulePacket(event).states == .new)
  event.conntrack?.status = 0x22
  #expect(RulePacket(event).states == .established)
  let outer = Tuple(.icmp, from: tuple.destination, to: tuple.source)
  event.carrier = .icmpError(outer: outer)
  event.icmpType = 3
  #expect(RulePacket(event).states == .related)
  #expect(RulePacket(event).tuple == outer)
  #expect(RulePacket(event).icmpType == 3)
  #expect(RulePacket(event).tcpFlags == nil)
}
