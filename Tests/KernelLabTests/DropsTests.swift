import Foundation
import Glibc
import Testing

extension LabTests {
  /// `kflowtrace drops`.
  @Suite(.serialized) struct Drops {
    struct Line: Decodable {
      var reason: String
      var netns: String
      var destination: FlowLine.Peer
      var packets: Int
      var recent: Int
      var diagnosis: FlowLine.Diagnosis?
    }

    private func drops(_ arguments: [String], _ body: () throws -> Void) throws -> Lab.Finished {
      let tracer = try Lab.startTracer(["drops"] + arguments)
      try body()
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      return try tracer.wait()
    }

    private func lines(_ finished: Lab.Finished) throws -> [Line] {
      try finished.output.split(separator: "\n").map {
        try JSONDecoder().decode(Line.self, from: Data($0.utf8))
      }
    }

    @Test("groups grow, are explained, and add up to what iptables counted") func groups() throws {
      try Lab.lab("up")
      try Lab.lab("fault", "policy-drop-pinned")
      defer { _ = try? Lab.lab("heal", "policy-drop-pinned") }
      let result = try drops(["--interval", "1s"]) { try Lab.lab("traffic", "policy-drop-pinned") }
      #expect(result.status == 1)
      let ours = try lines(result).filter { $0.destination.text == "10.244.2.8:8080" }
      #expect(ours.count >= 2, "one an interval in which it grew")
      #expect(ours.map(\.packets) == ours.map(\.packets).sorted())
      let last = try #require(ours.last)
      #expect(ours.reduce(0) { $0 + $1.recent } == last.packets)
      #expect(last.netns == "kft-node1" && last.diagnosis?.cause == "policy-drop")
      #expect(last.diagnosis?.rule?.comment == "deny-trace-backend")
      // somebody else's word: the rule's own counter
      let table = try Lab.inside("node1", "iptables", "-L", "KUBE-POLICY-DEMO", "-nvx").output
      let counted = table.split(separator: "\n").last?.split(separator: " ").first
      #expect(counted.flatMap { Int($0) } == last.packets, "\(table)")
    }

    @Test("a node without faults has none") func quiet() throws {
      try Lab.lab("up")
      let result = try drops(Lab.netns("node1", "node2", "client", "web1")) {
        for _ in 0..<5 { try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.50/") }
      }
      let ours = try lines(result).filter { $0.destination.address.hasPrefix("10.") }
      #expect(ours.isEmpty, "\(ours)")
    }

    @Test("wrong use") func usage() throws {
      for (arguments, words) in [
        (["--interval", "never"], "--interval never"), (["--proto", "x"], "--proto x"),
        (["--pod", "web"], "--pod web"), (["--netns", "kft-nowhere"], "kft-nowhere"),
      ] {
        let result = try Lab.run([Lab.tracerPath, "drops"] + arguments)
        #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
      }
    }

    @Test("a table on a terminal") func terminal() throws {
      try Lab.lab("up")
      try Lab.lab("fault", "policy-drop-pinned")
      defer { _ = try? Lab.lab("heal", "policy-drop-pinned") }
      let traffic = try Lab.Running(
        ["bash", "-c", "sleep 1; exec \(Lab.root)/scripts/lab traffic policy-drop-pinned"])
      let command = "\(Lab.tracerPath) drops --netns kft-node1 --duration 4s --interval 1s"
      let result = try Lab.run(["env", "TERM=xterm", "script", "-qec", command, "/dev/null"])
      _ = try traffic.wait()
      #expect(result.output.contains("\u{1b}[H\u{1b}[J"))
      #expect(result.output.contains("RATE/S") && result.output.contains("deny-trace-backend"))
    }
  }
}
