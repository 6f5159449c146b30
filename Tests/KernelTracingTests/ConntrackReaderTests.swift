import FlowModel
import Glibc
import Testing

@testable import KernelTracing

@Suite(.serialized) struct ConntrackReaderTests {
  @Test("counters by name, over all processors") func counters() {
    let text = """
      entries  clashres found new invalid insert insert_failed drop early_drop icmp_error
      00000006  00000000 00000006 00000000 00000000 00000000 00000001 0000000a 00000000 00000000
      00000006  00000003 00000000 00000000 00000000 00000000 00000002 00000006 00000010 00000000

      """
    #expect(
      ConntrackTable.Counters(statistics: text)
        == ConntrackTable.Counters(dropped: 16, evicted: 16, insertFailed: 3))
  }

  @Test(
    "what is cut off or of another kernel counts nothing",
    arguments: ["", "\n", "entries drop\n", "entries found\n1 2\n", "entries drop\n00000001\n"])
  func damaged(_ text: String) {
    #expect(ConntrackTable.Counters(statistics: text) == ConntrackTable.Counters())
  }

  @Test("a table is what conntrack tells of it", .enabled(if: isRoot, "needs root"))
  func real() throws {
    let name = "utb-\(getpid())-ct"
    try run("ip", "netns", "add", name)
    defer { _ = try? run("ip", "netns", "del", name) }
    for port in 1...3 {
      try run(
        "ip", "netns", "exec", name, "conntrack", "-I", "-p", "udp", "-s", "198.18.0.1", "-d",
        "198.18.0.2", "--sport", "\(port)", "--dport", "53", "-t", "60")
    }
    let namespace = try NetworkNamespace.named(name)
    let table = try #require(namespace.conntrackTable())
    #expect(table.count == 3 && !table.isFull && table.limit > 3)
    #expect(table.counters == namespace.conntrackCounters())
    #expect(table.counters == ConntrackTable.Counters())
  }

  @Test("a bridge port's hairpin mode is what ip sets", .enabled(if: isRoot, "needs root"))
  func hairpin() throws {
    let name = "utb-\(getpid())-br"
    try run("ip", "netns", "add", name)
    defer { _ = try? run("ip", "netns", "del", name) }
    try run("ip", "-n", name, "link", "add", "utb0", "type", "veth", "peer", "name", "utb1")
    try run("ip", "-n", name, "link", "add", "utbr", "type", "bridge")
    try run("ip", "-n", name, "link", "set", "utb0", "master", "utbr")
    let namespace = try NetworkNamespace.named(name)
    func modes() throws -> [String: Bool?] {
      let devices = try namespace.networkState().devices.values
      return Dictionary(uniqueKeysWithValues: devices.map { ($0.name, $0.isHairpin) })
    }
    #expect(try modes() == ["lo": nil, "utb0": false, "utb1": nil, "utbr": nil])
    try run("ip", "-n", name, "link", "set", "utb0", "type", "bridge_slave", "hairpin", "on")
    #expect(try modes()["utb0"] == true)
  }
}
