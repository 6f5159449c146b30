import Foundation
import Testing

/// Three namespaces in a row, the one in the middle forwarding under a ruleset; removed at the end.
final class RuleLab {
  let prefix = "kfc\(ProcessInfo.processInfo.processIdentifier)-\(UInt16.random(in: 0...9999))"
  var router: String { "\(prefix)-r" }
  /// The namespace in the middle, for ``NodeRules/read(netns:)``.
  var netns: String { "/run/netns/\(router)" }

  init(restore: String, _ rules: String) throws {
    try RuleLab.shell(
      """
      ip netns add \(prefix)-a; ip netns add \(prefix)-r; ip netns add \(prefix)-b
      ip -n \(prefix)-r link add ra0 type veth peer name eth0 netns \(prefix)-a
      ip -n \(prefix)-r link add rb0 type veth peer name eth0 netns \(prefix)-b
      ip -n \(prefix)-r addr add 10.250.1.2/24 dev ra0
      ip -n \(prefix)-r addr add 10.250.2.1/24 dev rb0
      ip -n \(prefix)-a addr add 10.250.1.1/24 dev eth0
      ip -n \(prefix)-b addr add 10.250.2.2/24 dev eth0
      for n in a b; do ip -n \(prefix)-$n link set lo up; ip -n \(prefix)-$n link set eth0 up; done
      for d in lo ra0 rb0; do ip -n \(prefix)-r link set $d up; done
      ip -n \(prefix)-a route add default via 10.250.1.2
      ip -n \(prefix)-b route add default via 10.250.2.1
      ip netns exec \(prefix)-r sysctl -qw net.ipv4.ip_forward=1
      ip netns exec \(prefix)-r \(restore)
      """, input: rules)
  }

  deinit {
    for name in ["a", "r", "b"] { _ = try? RuleLab.shell("ip netns del \(prefix)-\(name)") }
  }

  /// Sends one packet from the first namespace.
  func send(_ command: String) throws {
    try RuleLab.shell(
      "ip netns exec \(prefix)-a timeout -s KILL 1 bash -c '\(command)' >/dev/null 2>&1 || true")
  }

  /// Runs a command in one of the namespaces, `a`, `r` or `b`; its standard output.
  @discardableResult
  func inside(_ name: String, _ command: String, input: String = "") throws -> String {
    try RuleLab.shell("ip netns exec \(prefix)-\(name) \(command)", input: input)
  }

  @discardableResult
  static func shell(_ script: String, input: String = "") throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-euc", script]
    let (pipe, output) = (Pipe(), Pipe())
    process.standardInput = pipe
    process.standardOutput = output
    try process.run()
    pipe.fileHandleForWriting.write(Data(input.utf8))
    try pipe.fileHandleForWriting.close()
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(
      process.terminationStatus == 0,
      "needs root, iproute2, iptables and nftables; failed: \(script)")
    return String(decoding: printed, as: UTF8.self)
  }
}
