import FlowModel
import Foundation
import Glibc
import Testing

@testable import KernelTracing

/// The table a tracer makes, by nft's word.
@Suite(.serialized, .enabled(if: isRoot, "needs root")) struct RuleTracerTests {
  private func side(_ text: String?, _ port: UInt16? = nil, _ proto: IPProtocol? = nil)
    -> MatchSet.Side
  {
    MatchSet.Side(address: text.flatMap { Address($0) }, port: port, proto: proto)
  }

  private func tables(_ lab: PacketLab) throws -> String {
    try run("ip", "netns", "exec", lab.name, "nft", "list", "tables")
  }

  private func tracer(_ lab: PacketLab, _ matches: MatchSet, _ proto: IPProtocol? = nil) throws
    -> RuleTracer
  {
    var options = TraceOptions()
    options.namespaces = [lab.namespace]
    options.matches = matches
    options.proto = proto
    return try RuleTracer(options)
  }

  @Test("every form of what is selected, and gone with its owner") func forms() throws {
    let lab = try PacketLab("forms")
    var matches = MatchSet()
    matches.sides = [
      side("10.96.0.50", 80, .tcp), side("10.244.1.5"), side("fd00::1", 53), side("fd00::2"),
      side(nil, 30080, .tcp),
    ]
    matches.pairs = [(side("10.0.0.1"), side("10.0.0.2", 443, .tcp))]
    try {
      let tracer = try tracer(lab, matches)
      let table = try #require(tracer.tables.first)
      #expect(tracer.tables.count == 1 && table.hasPrefix("kflowtrace-"))
      let text = try run("ip", "netns", "exec", lab.name, "nft", "list", "table", "inet", table)
      for line in [
        "flags owner", "elements = { 10.244.1.5 }", "elements = { fd00::2 }",
        "elements = { 10.96.0.50 . tcp . 80 }", "elements = { tcp . 30080 }",
        "type filter hook prerouting priority raw - 10; policy accept;",
        "type filter hook output priority raw - 10; policy accept;",
        "ip saddr 10.0.0.1 ip daddr 10.0.0.2 tcp dport 443 meta nftrace set 1",
        "ip saddr 10.0.0.2 tcp sport 443 ip daddr 10.0.0.1 meta nftrace set 1",
      ] { #expect(text.contains(line), "\(line) in \(text)") }
      for proto in ["tcp", "udp", "sctp"] { #expect(text.contains("fd00::1 . \(proto) . 53")) }
      #expect(text.matches(of: /ip saddr @set\d meta nftrace set 1/).count == 2)
      #expect(text.matches(of: /ip6 daddr @set\d meta nftrace set 1/).count == 2)
      #expect(
        text.matches(of: /ip daddr \. meta l4proto \. th dport @set\d meta nftrace/).count == 2)
      #expect(text.matches(of: /\n\t\tmeta l4proto \. th sport @set\d meta nftrace/).count == 2)
    }()
    #expect(try !tables(lab).contains("kflowtrace"))
  }

  @Test("only packets of one protocol") func onlyOneProtocol() throws {
    let lab = try PacketLab("proto")
    var matches = MatchSet()
    matches.sides = [side("10.244.1.5")]
    let tracer = try tracer(lab, matches, .udp)
    let text = try run(
      "ip", "netns", "exec", lab.name, "nft", "list", "table", "inet", tracer.tables[0])
    #expect(text.matches(of: /meta l4proto udp ip [sd]addr @set1 meta nftrace/).count == 4)
  }

  @Test("five thousand endpoints are one set; two tracers do not disturb each other")
  func many() throws {
    let lab = try PacketLab("many")
    var matches = MatchSet()
    for i in 0..<UInt32(5000) {
      matches.sides.insert(
        MatchSet.Side(address: Address(v4: 0x0af4_0000 + i), port: 8080, proto: .tcp))
      let low = UInt64(i)
      matches.sides.insert(
        MatchSet.Side(
          address: Address(high: 0xfd00_0000_0000_0000, low: low), port: 8080, proto: .tcp))
    }
    var first: RuleTracer? = try tracer(lab, matches)
    let second = try tracer(lab, matches)
    let names = (first?.tables ?? []) + second.tables
    #expect(Set(names).count == 2)
    for name in names { #expect(try tables(lab).contains("table inet \(name)\n")) }
    let text = try run(
      "ip", "netns", "exec", lab.name, "nft", "list", "table", "inet", names[1])
    #expect(text.matches(of: /10\.244\.\d+\.\d+ \. tcp \. 8080/).count == 5000)
    #expect(text.matches(of: /fd00::[0-9a-f:]* \. tcp \. 8080/).count == 5000)
    #expect(text.matches(of: /meta nftrace set 1/).count == 8)
    first = nil
    #expect(try tables(lab).trimmingCharacters(in: .newlines) == "table inet \(names[1])")
  }

  @Test("a packet's end is heard, and its rule's place in the chain found") func death() throws {
    let lab = try PacketLab("death")
    func inside(_ command: String...) throws {
      _ = try run("ip", "netns", "exec", lab.name, "sh", "-c", command[0])
    }
    try inside("ip link set lo up")
    try inside("nft add table ip t")
    try inside("nft add chain ip t out '{ type filter hook output priority 0; }'")
    for port in [98, 99] { try inside("nft add rule ip t out udp dport \(port) counter drop") }
    var matches = MatchSet()
    matches.sides = [side("127.0.0.1")]
    let tracer = try tracer(lab, matches)
    try inside("echo x | timeout 1 bash -c 'cat > /dev/udp/127.0.0.1/99' 2>/dev/null || true")
    try tracer.poll()
    #expect(tracer.overruns == 0)
    let heard = tracer.heard
    #expect(heard.count == 1)
    let death = try #require(heard.first)
    #expect(death.packet.tuple.proto == .udp && death.packet.tuple.destination.port == 99)
    #expect(death.trace.table == "t" && death.trace.chain == "out")
    #expect(try lab.namespace.position(of: death.trace) == 2)
    var gone = death.trace
    gone.handle = 4711
    #expect(try lab.namespace.position(of: gone) == nil)
    gone.handle = nil
    #expect(try lab.namespace.position(of: gone) == nil, "a policy has none")
    var event = Event(
      time: 0, netns: lab.namespace.inode, hook: .drop, tuple: death.packet.tuple)
    event.ipID = death.packet.ipID ?? 0
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    event.time = UInt64(time.tv_sec) * 1_000_000_000
    #expect(tracer.traces(of: event) == [death.trace])
    event.netns += 1
    #expect(tracer.traces(of: event) == [])
  }

  @Test(
    "what the kernel refuses is told in one line with its exit code",
    arguments: [
      (1, EPERM, 77, "CAP_NET_ADMIN"), (0, EPERM, 77, "CAP_NET_ADMIN"),
      (1, EOPNOTSUPP, 69, "5.12"), (1, EINVAL, 69, "5.12"), (0, EOPNOTSUPP, 69, "nf_tables"),
      (1, EAFNOSUPPORT, 69, "inet"), (3, ENOMEM, 70, "Cannot allocate memory"),
    ] as [(UInt32, Int32, Int32, String)])
  func refusals(_ sequence: UInt32, _ error: Int32, _ code: Int32, _ words: String) throws {
    let told = RuleTracer.refusal((sequence, error), try NetworkNamespace.current())
    #expect(told.exitCode == code)
    #expect(told.message.contains(words) && told.message.contains("--trace-rules"))
  }
}
