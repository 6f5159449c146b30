import Foundation
import Glibc
import Testing

extension LabTests {
  /// `--trace-rules`: the kernel's word makes rules certain, and nothing of it stays.
  @Suite(.serialized) struct RuleTraces {
    private let place = ["--svc", "10.96.0.62"] + Lab.netns("node1", "node2", "client", "web2")
    private static let namespaces = ["node1", "node2", "client", "web2"]

    /// Tables of ours, by nft's word.
    private func tables() throws -> [String] {
      try Self.namespaces.flatMap { namespace in
        try Lab.inside(namespace, "nft", "list", "tables").output.split(separator: "\n")
          .filter { $0.contains("kflowtrace") }.map { "\(namespace) \($0)" }
      }
    }

    private func failed(_ trace: Trace) throws -> [FlowLine] {
      let failed = trace.flows.filter { $0.diagnosis != nil && $0.isSeen(from: "kft-client") }
      try #require(!failed.isEmpty, "\(trace.errors)")
      #expect(failed.allSatisfy { $0.diagnosis?.cause == "policy-drop" })
      return failed
    }

    @Test("7: of two rules that may have done it, neither is certain without it")
    func without() throws {
      for flow in try failed(Lab.scenario("policy-drop-chance", place)) {
        let rule = try #require(flow.diagnosis?.rule)
        #expect(rule.certainty == "likely" && rule.trace == nil)
      }
    }

    @Test("7: with it the one is certain that nft monitor names, too") func chance() throws {
      try Lab.lab("up")
      try Lab.lab("fault", "policy-drop-chance")
      defer { _ = try? Lab.lab("heal", "policy-drop-chance") }
      let monitor = try Lab.Running(
        ["ip", "netns", "exec", "kft-node1", "nft", "-a", "monitor", "trace"])
      let trace = try Lab.trace(place + ["--trace-rules"]) {
        try Lab.lab("traffic", "policy-drop-chance")
      }
      monitor.send(SIGTERM)
      let told = try Monitored(monitor.wait().output)
      let rules = try Lab.inside(
        "node1", "nft", "-a", "list", "chain", "ip", "filter", "KUBE-POLICY-DEMO"
      ).output.split(separator: "\n")
      let failed = try failed(trace)
      #expect(failed.count == 6)
      for flow in failed {
        let rule = try #require(flow.diagnosis?.rule)
        let handle = try #require(told.handles[flow.source.port]?.first, "\(told.handles)")
        let evidence =
          "the kernel's rule trace: ip filter KUBE-POLICY-DEMO rule handle \(handle) verdict drop"
        #expect(flow.diagnosis?.evidence.contains(evidence) == true)
        #expect(flow.diagnosis?.certainty == "certain" && rule.certainty == "certain")
        #expect(rule.chain == "KUBE-POLICY-DEMO" && rule.table == "filter")
        // iptables' text is of the rule that nft has under this handle
        let text = try #require(rules.first { $0.hasSuffix("# handle \(handle)") })
        #expect((rule.comment == "deny-by-chance") == text.contains("random"), "\(text)")
        #expect(rule.specification.hasPrefix("-A KUBE-POLICY-DEMO "))
        // the SYN may have died of the other rule when it was sent again
        let others = Set(told.handles[flow.source.port] ?? []).count - 1
        #expect(rule.trace?.count == 1 + others)
      }
      #expect(Set(told.handles.values.joined()).count == 2, "both rules were met")
      #expect(try tables().isEmpty)
    }

    /// What `nft -a monitor trace` printed: the rules that dropped packets, by their source ports.
    private struct Monitored {
      /// In the order the packets came.
      var handles: [Int: [UInt64]] = [:]

      init(_ output: String) throws {
        var ports: [Substring: Int] = [:]
        for line in output.split(separator: "\n") {
          guard let id = try #/trace id ([0-9a-f]+) /#.firstMatch(in: line)?.1 else { continue }
          if let port = try #/ packet: .* tcp sport (\d+) /#.firstMatch(in: line)?.1 {
            ports[id] = Int(port)
          }
          if let handle = try #/# handle (\d+) \(verdict drop\)/#.firstMatch(in: line)?.1,
            let port = ports[id], let handle = UInt64(handle)
          {
            handles[port, default: []].append(handle)
          }
        }
      }
    }

    @Test(
      "its tables go with it, however it ends", arguments: [SIGTERM, SIGINT, SIGHUP, SIGKILL])
    func residue(_ signal: Int32) throws {
      try Lab.lab("up")
      let tracer = try Lab.startTracer(place + ["--trace-rules"])
      #expect(try tables().count == Self.namespaces.count)
      let name = try #require(tables().first?.split(separator: " ").last)
      let table = try Lab.inside("node1", "nft", "list", "table", "inet", String(name)).output
      #expect(table.contains("flags owner") && table.contains("meta nftrace set 1"), "\(table)")
      tracer.send(signal)
      let status = try tracer.wait().status
      #expect(status == (signal == SIGKILL ? 128 + SIGKILL : 0))
      #expect(try tables() == [])
    }

    @Test("two at once, and the end of one does not disturb the other") func two() throws {
      try Lab.lab("up")
      try Lab.lab("fault", "policy-drop-pinned")
      defer { _ = try? Lab.lab("heal", "policy-drop-pinned") }
      let first = try Lab.startTracer(place + ["--trace-rules"])
      let second = try Lab.startTracer(place + ["--trace-rules"])
      let brief = try Lab.startTracer(place + ["--trace-rules"])
      #expect(try tables().count == 3 * Self.namespaces.count)
      brief.send(SIGKILL)
      _ = try brief.wait()
      #expect(try Set(tables()).count == 2 * Self.namespaces.count)
      try Lab.lab("traffic", "policy-drop-pinned")
      Thread.sleep(forTimeInterval: Lab.settle)
      for tracer in [first, second] {
        tracer.send(SIGINT)
        for flow in try failed(Trace(tracer.wait())) {
          #expect(flow.diagnosis?.rule?.trace?.count == 1)
          #expect(flow.diagnosis?.rule?.chain == "KUBE-POLICY-DEMO")
          #expect(flow.diagnosis?.rule?.comment == "deny-trace-backend")
        }
      }
      #expect(try tables() == [])
    }

    @Test("a chain's policy, and IPv6") func policy() throws {
      try Lab.lab("up")
      // with the rules that are lost here
      defer { _ = try? Lab.lab("down") }
      try Lab.inside("node1", "ip6tables-nft", "-F", "FORWARD")
      try Lab.inside("node1", "ip6tables-nft", "-P", "FORWARD", "DROP")
      let trace = try Lab.trace(
        ["--svc", "fd00:10:96::62", "--trace-rules"] + Lab.netns("node1", "client")
      ) {
        try Lab.inside("client", "curl", "-s", "-g", "-m", "2", "http://[fd00:10:96::62]/")
      }
      for flow in try failed(trace) {
        let rule = try #require(flow.diagnosis?.rule)
        #expect(rule.trace == ["ip6 filter FORWARD policy drop"])
        #expect(rule.specification == "-P FORWARD DROP" && rule.certainty == "certain")
      }
    }

    @Test(
      "it wants something selected",
      arguments: [
        ["--trace-rules"], ["--all", "--trace-rules"], ["--drops-only", "--trace-rules"],
      ])
    func usage(_ arguments: [String]) throws {
      let finished = try Lab.run([Lab.tracerPath] + arguments)
      #expect(finished.status == 64)
      #expect(finished.errors.split(separator: "\n").count == 1)
    }
  }
}
