import Foundation
import Glibc
import Testing

extension LabTests {
  /// Two recordings, each made on its own node, as one.
  @Suite(
    .serialized,
    .enabled(if: !Lab.isEmulated, "recordings are the same under every kernel"))
  struct Merges {
    private let folder: String

    init() throws {
      folder = NSTemporaryDirectory() + "kft-merge-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    /// The scenario, recorded on both nodes at once; the second one's wall clock is then said to be ahead.
    private func record(
      _ scenario: String, service: String = "10.96.0.62", skew: Int64
    ) throws -> [String] {
      let files = ["\(folder)/node1.json", "\(folder)/node2.json"]
      try Lab.lab("up")
      try Lab.lab("fault", scenario)
      defer { _ = try? Lab.lab("heal", scenario) }
      let first = try Lab.startTracer(
        ["--svc", service, "--record", files[0]] + Lab.netns("node1", "client"))
      defer { first.send(SIGKILL) }
      let second = try Lab.startTracer(
        ["--pod", "10.244.2.8", "--record", files[1]] + Lab.netns("node2", "web2"))
      defer { second.send(SIGKILL) }
      try Lab.lab("traffic", scenario)
      Thread.sleep(forTimeInterval: Lab.settle + 0.5)
      for tracer in [first, second] { tracer.send(SIGINT) }
      _ = try first.wait()
      _ = try second.wait()
      try setAhead(files[1], by: skew)
      return files
    }

    private func setAhead(_ path: String, by skew: Int64) throws {
      var lines = try String(contentsOfFile: path, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let match = try #require(lines[0].firstMatch(of: #/"realtime":([0-9]+)/#))
      let realtime = try #require(Int64(match.1))
      lines[0].replaceSubrange(match.range, with: "\"realtime\":\(realtime + skew)")
      try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func merge(_ arguments: [String]) throws -> Lab.Finished {
      try Lab.run([Lab.tracerPath, "merge"] + arguments)
    }

    @Test("one timeline over both nodes; the clocks' skew is found", arguments: [37, -2500])
    func healthy(_ milliseconds: Int64) throws {
      defer { cleanUp() }
      let files = try record(
        "healthy-other-node", service: "10.96.0.50", skew: milliseconds * 1_000_000)
      let told = try merge(files + ["--json"])
      let trace = try Trace(told)
      #expect(trace.status == 0 && trace.flows.allSatisfy { $0.diagnosis == nil })
      let through = trace.flows.filter { $0.reply?.source.text == "10.244.2.8:8080" }
      #expect(!through.isEmpty, "\(trace.errors)")
      #expect(Set(through.map(\.source.text)).count == through.count, "once each")
      for flow in through {
        let places = flow.request.map { "\($0.netns) \($0.action)" }
        let order = [
          "node1 kft-client out", "kft-node1 dnat", "kft-node1 encap", "kft-node2 in",
          "kft-node2 decap", "node2 kft-web2 delivered",
        ]
        var rest = places[...]
        for place in order {
          let found = try #require(rest.firstIndex { $0.hasSuffix(place) }, "\(place): \(places)")
          rest = rest[(found + 1)...]
        }
      }
      let pattern = #/clock of node2 is ([0-9.]+) ms (ahead of|behind) .*\(± ([0-9.]+) ms/#
      let match = try #require(told.errors.firstMatch(of: pattern), "\(told.errors)")
      let size = try #require(Double(match.1))
      let offset = match.2 == "behind" ? -size : size
      let uncertainty = try #require(Double(match.3))
      // both are namespaces of one machine: what we added is the truth
      #expect(abs(offset - Double(milliseconds)) <= uncertainty + 0.001, "\(told.errors)")
      #expect(uncertainty < 5, "packets take no longer here")
    }

    @Test("what the network between the nodes loses is said to be lost there") func lost() throws {
      defer { cleanUp() }
      let files = try record("tunnel-blocked-underlay", skew: 0)
      let trace = try Trace(merge(files + ["--json"]))
      #expect(trace.status == 1 && !trace.flows.isEmpty)
      for flow in trace.flows {
        let diagnosis = try #require(flow.diagnosis)
        #expect(diagnosis.cause == "lost-between-nodes" && diagnosis.layer == "pod-network")
        #expect(
          diagnosis.evidence.joined().contains("VXLAN from 192.168.1.11 to 192.168.1.12:8472"))
        #expect(diagnosis.evidence.joined().contains("\(flow.syns) of \(flow.syns) packets"))
      }
    }

    @Test("what one node knows for sure is said for both") func firewall() throws {
      defer { cleanUp() }
      let files = try record("tunnel-blocked", skew: 0)
      let trace = try Trace(merge(files + ["--json"]))
      #expect(trace.status == 1 && !trace.flows.isEmpty)
      #expect(trace.flows.allSatisfy { $0.diagnosis?.cause == "tunnel-blocked" })
      #expect(trace.flows.allSatisfy { $0.drops.first?.netns.hasSuffix("kft-node2") == true })
    }

    @Test("wrong calls are one line") func wrong() throws {
      defer { cleanUp() }
      let one = try merge(["\(folder)/a.json"])
      #expect(one.status == 64 && one.errors.contains("two nodes"))
      let none = try merge(["\(folder)/a.json", "\(folder)/b.json"])
      #expect(none.status == 66 && none.errors.contains("a.json"))
      try "{}\n".write(toFile: "\(folder)/a.json", atomically: true, encoding: .utf8)
      let foreign = try merge(["\(folder)/a.json", "\(folder)/a.json"])
      #expect(foreign.status == 65 && foreign.errors.contains("no recording"))
      for told in [one, none, foreign] {
        #expect(told.output.isEmpty && told.errors.split(separator: "\n").count == 1)
      }
    }
  }
}
