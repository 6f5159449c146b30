import FlowModel
import Foundation
import ServiceCatalog
import Testing

private let policy = #"""
  *raw
  :PREROUTING ACCEPT [0:0]
  -A PREROUTING -p udp --dport 7777 -j DROP
  COMMIT
  *filter
  :FORWARD DROP [0:0]
  :MARKER - [0:0]
  :MARKED - [0:0]
  :TCP - [0:0]
  :OTHER - [0:0]
  -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  -A FORWARD -i ra+ -j MARKER
  -A FORWARD -m mark --mark 0x10/0xf0 -g MARKED
  -A FORWARD -p tcp -j TCP
  -A FORWARD ! -p tcp -m conntrack --ctstate NEW -j OTHER
  -A MARKER -p udp --dport 5000:5009 -j MARK --set-xmark 0x10/0xf0
  -A MARKED -p udp --dport 5001 -j RETURN
  -A MARKED -p udp -m multiport --dports 5002,5005:5006 -m comment --comment "a \"b\" c" -j DROP
  -A MARKED -j ACCEPT
  -A TCP -p tcp --dport 81 --syn -j REJECT --reject-with tcp-reset
  -A TCP -p tcp --dport 82 -s 10.250.1.0/30 -j DROP
  -A TCP -p tcp --dport 83 ! -s 10.250.1.1/32 -j DROP
  -A TCP -p tcp --dport 83 ! -i rb0 -o rb+ -m addrtype ! --dst-type LOCAL -j DROP
  -A TCP -j ACCEPT
  -A OTHER -p icmp --icmp-type 8 -j DROP
  -A OTHER -p udp --dport 53 -m length --length 100:200 -j DROP
  -A OTHER -p udp --dport 53 -j DROP
  -A OTHER -j RETURN
  COMMIT

  """#

/// What is sent, and what it is at the router.
private let probes: [(String, IPProtocol, UInt16)] =
  [5000, 5001, 5002, 5004, 5006, 53, 7777, 9999].map { port in
    ("echo hello >/dev/udp/10.250.2.2/\(port)", .udp, port)
  }
  + [80, 81, 82, 83].map { port in ("exec 3<>/dev/tcp/10.250.2.2/\(port)", .tcp, port) }
  + [("ping -c 1 10.250.2.2", .icmp, 0)]

/// The rule named must be the one whose counter the kernel raised.
@Test(arguments: [RuleBackend.nft, .legacy])
func theKernelAgrees(_ backend: RuleBackend) async throws {
  let lab = try RuleLab(restore: "iptables-\(backend.rawValue)-restore", policy)
  let netns = lab.netns
  var before = await NodeRules.read(netns: netns)
  #expect(before.missing == [])
  let set = try #require(before.ruleSets.first { $0.ruleCount > 0 })
  #expect(set.origin == RuleOrigin(.ipv4, backend))
  var dropped = 0
  for (command, proto, port) in probes {
    try lab.send(command)
    var after = await NodeRules.read(netns: netns)
    // on a busy machine the packet is still on its way
    for _ in 0..<20 where rises(before, after).isEmpty {
      try await Task.sleep(for: .milliseconds(100))
      after = await NodeRules.read(netns: netns)
    }
    let found = try candidates(before, proto, port)
    #expect(found.count <= 1, "\(proto) \(port)")
    #expect(found.allSatisfy { $0.certainty == .certain }, "\(proto) \(port)")

    let risen = rises(before, after)
    let fatal = risen.filter { $0.jump.name == "DROP" || $0.jump.name == "REJECT" }
    #expect(fatal.map(\.specification) == found.compactMap(\.rule?.specification))
    let all = Set(risen.map(\.identity))
    #expect(found.allSatisfy { $0.path.allSatisfy { all.contains($0.identity) } })
    let confirmed = NodeRules.confirm(found, before: before, after: after, drops: 1)
    #expect(confirmed.map(\.specification) == found.map(\.specification))
    #expect(confirmed.allSatisfy { $0.certainty == .certain })
    if !found.isEmpty { dropped += 1 }
    before = after
  }
  // 5001, 5002, 5006, 53, 7777, 9999, 81, 82, 83 and the ping
  #expect(dropped == 10)
}

private func candidates(
  _ rules: NodeRules, _ proto: IPProtocol, _ port: UInt16
) throws -> [RuleMatch] {
  var packet = RulePacket(
    Tuple(
      proto, from: try endpoint("10.250.1.1:\(port == 0 ? 0 : 40000)"),
      to: try endpoint("10.250.2.2:\(port)")))
  packet.inInterface = "ra0"
  packet.outInterface = "rb0"
  packet.mark = 0
  packet.states = .new
  packet.localAddresses = Set(["10.250.1.2", "10.250.2.1"].compactMap { Address($0) })
  packet.length = proto == .udp ? 34 : 84
  if proto == .tcp { packet.tcpFlags = .syn }
  if proto == .icmp { packet.icmpType = 8 }
  for hook in [NetfilterHook.prerouting, .forward, .postrouting] {
    let found = rules.dropCandidates(hook: hook, packet: packet)
    if !found.isEmpty { return found }
  }
  return []
}

private func rises(_ before: NodeRules, _ after: NodeRules) -> [Rule] {
  func all(_ rules: NodeRules) -> [Rule] {
    rules.ruleSets.flatMap(\.tables).flatMap { $0.chains.values.flatMap(\.rules) }
  }
  let old = Dictionary(
    all(before).map { ($0.identity, $0.counters?.packets ?? 0) }, uniquingKeysWith: max)
  return all(after).filter { ($0.counters?.packets ?? 0) > old[$0.identity] ?? 0 }
}

@Test func aNamespaceThatIsNotThereIsToldNotThrown() async {
  let rules = await NodeRules.read(netns: "/run/netns/kfc-no-such-namespace")
  #expect(rules.ruleSets.isEmpty)
  #expect(rules.missing.count == 1)
  #expect(rules.missing.first?.contains("kfc-no-such-namespace") ?? false)
  #expect(rules.catalog.isEmpty)
}

/// Reading leaves the legacy tables of a namespace unmade.
@Test func readingChangesNothing() async throws {
  let lab = try RuleLab(restore: "true", "")
  let rules = await NodeRules.read(netns: lab.netns)
  #expect(rules.missing == [])
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = [
    "ip", "netns", "exec", lab.router, "cat", "/proc/net/ip_tables_names",
    "/proc/net/ip6_tables_names",
  ]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let names = try pipe.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  #expect(names.isEmpty)
}
