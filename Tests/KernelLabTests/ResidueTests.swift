import Foundation
import Glibc
import Testing

extension LabTests {
  /// Nothing stays behind, however the tracer ends; bpftool says so.
  @Suite(.serialized) struct Residue {
    private let place = ["--svc", "10.96.0.50"] + Lab.netns("node1", "node2", "client")

    private func expectAttached() throws {
      #expect(try Lab.attachedPrograms().contains("kft_kfree_skb"))
    }

    @Test("after SIGTERM", arguments: [SIGTERM, SIGINT, SIGHUP]) func signals(_ signal: Int32)
      throws
    {
      try Lab.lab("up")
      let tracer = try Lab.startTracer(place)
      try expectAttached()
      tracer.send(signal)
      #expect(try tracer.wait().status == 0)
      #expect(try Lab.leftPrograms().isEmpty)
      #expect(try Lab.clsactDevices().isEmpty)
    }

    /// A namespace with more devices than get links.
    private func withManyDevices(_ body: () throws -> Void) throws {
      try Lab.run("ip", "netns", "add", "kft-many")
      defer { _ = try? Lab.run("ip", "netns", "del", "kft-many") }
      try Lab.addDevices(6, to: "many")
      try body()
    }

    /// Qdiscs for filters that there are on its devices while it is traced.
    private func wantedQdiscs() throws -> Int {
      guard Lab.isBefore66 else { return 0 }
      // all but loopback; modules of tunnels have put some there
      return try Lab.inside("many", "ip", "-o", "link").output.split(separator: "\n").count - 1
    }

    private func clsactQdiscs() throws -> Int {
      try Lab.inside("many", "tc", "qdisc", "show").output.split(separator: "\n")
        .count { $0.contains(" clsact ") }
    }

    /// Process ids of what the tracer started and has not waited for.
    private func children(of tracer: Lab.Running) throws -> [Int32] {
      try Lab.run("ps", "-o", "pid=", "--ppid", "\(tracer.pid)").output.split(separator: "\n")
        .compactMap { Int32($0.trimmingCharacters(in: .whitespaces)) }
    }

    @Test("after kill -9, at once: filters by who guards them") func killed() throws {
      try Lab.lab("up")
      try withManyDevices {
        let tracer = try Lab.startTracer(place + Lab.netns("many"))
        #expect(try clsactQdiscs() == wantedQdiscs())
        let guards = try children(of: tracer)
        #expect(guards.count == (Lab.isBefore66 ? 1 : 0))
        tracer.send(SIGKILL)
        #expect(try tracer.wait().status == 128 + SIGKILL)
        let deadline = Date().addingTimeInterval(Lab.isEmulated ? 30 : 5)
        while try guards.contains(where: { kill($0, 0) == 0 }) || clsactQdiscs() > 0,
          Date() < deadline
        {
          Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(try clsactQdiscs() == 0)
        #expect(try Lab.clsactDevices().isEmpty)
        #expect(try Lab.leftPrograms().isEmpty)
        #expect(guards.allSatisfy { kill($0, 0) != 0 }, "it goes, too")
      }
    }

    @Test("after kill -9 of both, once another one started") func killedBoth() throws {
      try Lab.lab("up")
      try withManyDevices {
        let tracer = try Lab.startTracer(place + Lab.netns("many"))
        for guardian in try children(of: tracer) { kill(guardian, SIGKILL) }
        tracer.send(SIGKILL)
        #expect(try tracer.wait().status == 128 + SIGKILL)
        #expect(try clsactQdiscs() == wantedQdiscs())
        let next = try Lab.startTracer(["--svc", "10.96.0.50"] + Lab.netns("node2"))
        #expect(try clsactQdiscs() == 0)
        next.send(SIGINT)
        #expect(try next.wait().status == 0)
        #expect(try Lab.leftPrograms().isEmpty)
        #expect(try Lab.clsactDevices().isEmpty)
      }
    }

    @Test("two tracers at once see the same, and neither disturbs the other") func two() throws {
      try Lab.lab("up")
      let other = try Lab.startTracer(place)
      let trace = try Lab.trace(place) {
        try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.50/")
      }
      other.send(SIGINT)
      let theirs = try Trace(other.wait())
      for seen in [trace, theirs] {
        let flows = seen.flows.filter { $0.isSeen(from: "kft-client") }
        #expect(flows.map(\.state) == ["completed"])
        #expect(flows.first?.request.pass("node1 vethclient in", "node1 PREROUTING dnat") == true)
      }
      #expect(trace.flows.first?.request.shown == theirs.flows.first?.request.shown)
      #expect(try Lab.leftPrograms().isEmpty)
      #expect(try Lab.clsactDevices().isEmpty)
    }

    @Test("another's clsact filters stay") func foreignFilter() throws {
      try Lab.lab("up")
      defer { _ = try? Lab.inside("node1", "tc", "qdisc", "del", "dev", "vethclient", "clsact") }
      try Lab.inside("node1", "tc", "qdisc", "add", "dev", "vethclient", "clsact")
      try Lab.inside(
        "node1", "tc", "filter", "add", "dev", "vethclient", "ingress", "prio", "7", "protocol",
        "all", "bpf", "bytecode", "1,6 0 0 0,", "flowid", "1:1")
      let trace = try Lab.trace(place) {
        try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.50/")
      }
      #expect(trace.flows.first?.state == "completed")
      let filters = try Lab.inside(
        "node1", "tc", "filter", "show", "dev", "vethclient", "ingress"
      ).output
      #expect(filters.contains("pref 7 bpf"), "\(filters)")
      #expect(!filters.contains("kft_"), "\(filters)")
    }

    @Test("devices that come and go are followed") func devices() throws {
      try Lab.lab("up")
      let tracer = try Lab.startTracer(["--all", "-v"] + Lab.netns("client"))
      defer { _ = try? Lab.inside("client", "ip", "link", "del", "kft-new") }
      try Lab.inside(
        "client", "ip", "link", "add", "kft-new", "type", "veth", "peer", "name", "kft-peer",
        "netns", "kft-outside")
      try Lab.inside("client", "ip", "addr", "add", "10.99.0.1/24", "dev", "kft-new")
      try Lab.inside("client", "ip", "link", "set", "kft-new", "up")
      try Lab.inside("outside", "ip", "addr", "add", "10.99.0.2/24", "dev", "kft-peer")
      try Lab.inside("outside", "ip", "link", "set", "kft-peer", "up")
      Thread.sleep(forTimeInterval: 1)
      #expect(try Lab.inside("client", "ping", "-c", "1", "-W", "5", "10.99.0.2").status == 0)
      try Lab.inside("client", "ip", "link", "del", "kft-new")
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      let trace = try Trace(tracer.wait())
      let ping = try #require(trace.flows.first { $0.destination.address == "10.99.0.2" })
      #expect(ping.request.contains { $0.interface == "kft-new" })
      #expect(try Lab.leftPrograms().isEmpty)
    }
  }
}
