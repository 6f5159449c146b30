import Foundation
import Testing

extension LabTests {
  /// Many healthy connections and three faults at once: exactly those three are blamed.
  @Suite(.serialized) struct Mixed {
    /// The emulated machine makes twenty a second.
    private static let count =
      ProcessInfo.processInfo.environment["KFLOWTRACE_VM"] == nil ? 2000 : 40

    @Test("three faults among many healthy connections") func mixed() throws {
      try Lab.lab("up")
      let drops = [
        [
          "FORWARD", "-d", "10.244.2.8/32", "-p", "tcp", "-m", "comment", "--comment", "deny web-2",
        ],
        ["FORWARD", "-d", "10.244.2.10/32", "-p", "udp", "-m", "comment", "--comment", "deny dns"],
      ]
      func iptables(_ change: String) throws {
        for rule in drops {
          try Lab.run(
            ["ip", "netns", "exec", "kft-node1", "iptables", "-w", change] + rule + ["-j", "DROP"])
        }
      }
      try iptables("-I")
      defer { _ = try? iptables("-D") }
      let services = [
        "default/web-local", "default/web-remote", "default/empty", "kube-system/kube-dns",
      ]
      let trace = try Lab.trace(
        services.flatMap { ["--svc", $0] } + Lab.netns("node1", "client", "web1") + [
          "--buffer", "64M",
        ]
      ) {
        let failing = try [
          Lab.Running(Self.client + ["curl", "-s", "-m", "3", "http://10.96.0.62/"]),
          Lab.Running(Self.client + ["curl", "-s", "-m", "3", "http://10.96.0.52/"]),
          Lab.Running(Self.client + ["dig", "+tries=2", "+timeout=1", "@10.96.0.10", "web"]),
        ]
        let healthy = try Lab.Running(
          Self.client + [
            "curl", "-s", "-Z", "--parallel-max", "20", "-o", "/dev/null", "-m", "120",
            "http://10.96.0.61/?[1-\(Self.count)]",
          ])
        #expect(try healthy.wait(limit: 240).status == 0)
        for client in failing { _ = try client.wait() }
      }
      #expect(trace.errors.contains("no events lost"), "\(trace.errors)")
      let flows = trace.flows.filter { $0.isSeen(from: "kft-client") }
      let healthy = flows.filter { $0.service?.name == "web-local" }
      #expect(healthy.count == Self.count)
      #expect(healthy.allSatisfy { $0.diagnosis == nil && $0.state == "completed" })
      var blamed: [String: Set<String>] = [:]
      for flow in flows {
        if let cause = flow.diagnosis?.cause {
          blamed[cause, default: []].insert(flow.destination.text)
        }
      }
      #expect(
        blamed == [
          "policy-drop": ["10.96.0.62:80"], "no-endpoints": ["10.96.0.52:80"],
          "dns-blocked": ["10.96.0.10:53"],
        ])
    }

    private static let client = ["ip", "netns", "exec", "kft-client"]
  }
}
