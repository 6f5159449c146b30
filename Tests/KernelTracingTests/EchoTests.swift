import FlowModel
import Testing

@Suite(.enabled(if: isRoot, "needs root")) struct EchoTests {
  private typealias P = Packets

  @Test("an echo reply's tuple is the inverse of its request's") func reply() throws {
    // the answer as 203.0.113.9 would send it: addresses the other way round
    let request = P.ipv4(10, 1, P.icmp(8, 0, rest: [0x12, 0x34, 0, 1], [0, 0]))
    var answer = P.ipv4(10, 1, P.icmp(0, 0, rest: [0x12, 0x34, 0, 1], [0, 0]))
    answer.replaceSubrange(12..<20, with: request[16..<20] + request[12..<16])
    let told = try PacketLab("echo").send([
      P.ethernet(0x0800, request), P.ethernet(0x0800, answer),
    ])
    try #require(told.arrived.count == 2)
    #expect(told.arrived[1].tuple == told.arrived[0].tuple.inverse)
  }

  @Test("a ping without NAT is not translated, and conntrack has its tuple") func conntrack() throws
  {
    let lab = try PacketLab("ping")
    let ns = lab.name
    try run("ip", "-n", ns, "link", "set", "lo", "up")
    try run("ip", "-n", ns, "addr", "add", "198.51.100.2/24", "dev", "utb0")
    try run(
      "ip", "netns", "exec", ns, "nft",
      "add table ip t; add chain ip t c { type filter hook prerouting priority 0; }; add rule ip t c ct state new accept"
    )
    var request = P.ipv4(10, 1, P.icmp(8, 0, rest: [0x12, 0x34, 0, 1], [0, 0]))
    // conntrack wants the checksum to be right
    request.replaceSubrange(22..<24, with: [0xe5, 0xca])
    let told = try lab.send([P.ethernet(0x0800, request)])
    let event = try #require(told.events.first { $0.conntrack != nil })
    #expect(event.conntrack?.original == event.tuple)
    #expect(event.conntrack?.isTranslated == false)
  }
}
