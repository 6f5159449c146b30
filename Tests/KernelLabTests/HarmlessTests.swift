import Foundation
import Glibc
import Testing

extension LabTests {
  /// A traced node works as an untraced one does: others' programs see every packet, connections
  /// succeed, devices and namespaces come and go.
  @Suite(.serialized) struct Harmless {
    @Test("others' programs on the same hooks see every packet") func others() throws {
      try Lab.lab("up")
      defer { _ = try? Lab.inside("node1", "tc", "qdisc", "del", "dev", "vethclient", "clsact") }
      try Lab.inside("node1", "tc", "qdisc", "add", "dev", "vethclient", "clsact")
      // filters of a priority each, below and above ours
      var counters = try ["7", "40000"].map { try Counter($0) }
      if !Lab.isBefore66 { counters += try ["first", "last"].map { try Counter($0) } }
      let tracer = try Lab.startTracer(["--all"] + Lab.netns("node1"))
      counters += try ["8", "40001"].map { try Counter($0) }
      if !Lab.isBefore66 { counters += try ["first", "last"].map { try Counter($0) } }
      let sent = Lab.isEmulated ? 50 : 500
      func ping() throws {
        let result = try Lab.inside(
          "client", "ping", "-q", "-i", "0.002", "-c", "\(sent)", "-s", "\(Counter.payload)",
          "10.244.1.1")
        #expect(result.output.contains(" \(sent) received"), "\(result.output)")
      }
      try ping()
      tracer.send(SIGINT)
      let trace = try Trace(tracer.wait())
      // our own ones were there, too
      #expect(trace.flows.contains { $0.transport == "icmp" && $0.source.address == "10.244.1.5" })
      try ping()
      for counter in counters {
        #expect(try counter.end() == [2 * sent, 2 * sent], "\(counter.place)")
      }
    }

    /// Another agent on node1's vethclient.
    private final class Counter {
      /// Of a ping, which no other packet has; with 8 bytes of ICMP, 20 of IPv4 and 14 of Ethernet.
      static let payload = 1000
      let place: String
      private let running: Lab.Running

      init(_ place: String) throws {
        self.place = place
        running = try Lab.python(
          "node1", "count-packets.py", "vethclient", "\(Self.payload + 42)", place)
        let deadline = Date().addingTimeInterval(20)
        while running.output.isEmpty {
          guard running.isRunning, Date() < deadline else {
            throw Lab.Failure(description: "no counter at \(place): \(running.errors)")
          }
          Thread.sleep(forTimeInterval: 0.02)
        }
      }

      deinit { running.send(SIGKILL) }

      /// Packets in and out.
      func end() throws -> [Int] {
        running.send(SIGTERM)
        return try running.wait().output.split { " \n".contains($0) }.compactMap { Int($0) }
      }
    }

    @Test("devices made and deleted while it traces") func devices() throws {
      try Lab.lab("up")
      let pairs = Lab.isEmulated ? 15 : 250
      let client = try SteadyClient()
      let tracer = try Lab.startTracer(["--all"] + Lab.netns("node1", "client"))
      func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(tracer.pid)/fd").count
      }
      Thread.sleep(forTimeInterval: 0.5)
      let before = try descriptors()
      let batch = NSTemporaryDirectory() + "kft-\(UUID().uuidString).batch"
      defer { try? FileManager.default.removeItem(atPath: batch) }
      let lines = (0..<pairs).map { i in
        """
        link add kft-a\(i % 3) type veth peer name kft-b
        link set kft-a\(i % 3) up
        link del kft-a\(i % 3)

        """
      }
      try lines.joined().write(toFile: batch, atomically: false, encoding: .utf8)
      let made = try Lab.inside("node1", "ip", "-batch", batch)
      #expect(made.status == 0, "\(made.errors)")
      // it may still be catching up with those that came and went
      let deadline = Date().addingTimeInterval(Lab.isEmulated ? 30 : 5)
      while try descriptors() > before, Date() < deadline { Thread.sleep(forTimeInterval: 0.1) }
      #expect(try descriptors() <= before)
      tracer.send(SIGINT)
      let trace = try Trace(tracer.wait())
      Lab.expectNoFailure(trace)
      try client.expectUnharmed()
      #expect(try Lab.leftPrograms().isEmpty)
      #expect(try Lab.clsactDevices().isEmpty)
    }

    /// `pairs`: more of them than get links.
    @Test(
      "a namespace deleted while it is traced goes, its devices with it",
      arguments: Lab.isEmulated ? [0] : [0, 5])
    func namespace(pairs: Int) throws {
      try Lab.lab("up")
      defer {
        _ = try? Lab.run("ip", "netns", "del", "kft-gone")
        _ = try? Lab.inside("node1", "ip", "link", "del", "vethgone")
      }
      try Lab.run("ip", "netns", "add", "kft-gone")
      try Lab.inside(
        "node1", "ip", "link", "add", "vethgone", "type", "veth", "peer", "name", "eth0", "netns",
        "kft-gone")
      try Lab.inside("node1", "ip", "link", "set", "vethgone", "up")
      try Lab.addDevices(pairs, to: "gone")
      let client = try SteadyClient()
      let tracer = try Lab.startTracer(
        ["--svc", "10.96.0.50", "--svc", "10.96.0.61", "--trace-rules"]
          + Lab.netns("gone", "node1", "client"))
      try Lab.run("ip", "netns", "del", "kft-gone")
      // the kernel deletes its devices, and so their other ends, when nobody holds it any more
      let deadline = Date().addingTimeInterval(Lab.isEmulated ? 30 : 5)
      func isThere() throws -> Bool {
        try Lab.inside("node1", "ip", "link", "show", "vethgone").status == 0
      }
      while try isThere(), Date() < deadline { Thread.sleep(forTimeInterval: 0.1) }
      #expect(try !isThere(), "the tracer holds the namespace")
      try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.50/")
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      let trace = try Trace(tracer.wait())
      Lab.expectNoFailure(trace)
      let flow = trace.flows.first { $0.destination.address == "10.96.0.50" }
      #expect(flow?.state == "completed", "\(trace.errors)")
      try client.expectUnharmed()
      #expect(try Lab.leftPrograms().isEmpty)
    }

    @Test("a full ring buffer: losses are told, tracing and traffic go on") func full() throws {
      try Lab.lab("up")
      let client = try SteadyClient()
      let tracer = try Lab.startTracer(
        ["--all", "--buffer", "64K"] + Lab.netns("node1", "client"))
      // nobody reads it meanwhile
      tracer.send(SIGSTOP)
      let burst = try Lab.inside(
        "client", "ping", "-q", "-f", "-c", Lab.isEmulated ? "300" : "2000", "10.244.1.1")
      #expect(burst.output.contains(" 0% packet loss"), "\(burst.output)")
      tracer.send(SIGCONT)
      Thread.sleep(forTimeInterval: Lab.settle)
      try client.expectUnharmed()
      try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.50/")
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      let trace = try Trace(tracer.wait())
      let lost = try #require(trace.summary).eventsLost
      #expect(lost > 0)
      #expect(trace.errors.contains("\(lost) events lost"), "\(trace.errors)")
      let flow = try #require(trace.flows.first { $0.destination.address == "10.96.0.50" })
      #expect(flow.state == "completed")
      // those it was in the middle of
      #expect(trace.flows.contains { $0.mayMissEvents })
    }

    @Test("a full conntrack table: no entry is ours, and when there is room it works again")
    func conntrackFull() throws {
      try Lab.lab("up")
      defer { _ = try? Lab.lab("heal", "conntrack-full") }
      func entries() throws -> Int? {
        Int(
          try Lab.inside("node1", "conntrack", "-C").output
            .trimmingCharacters(in: .whitespacesAndNewlines))
      }
      try Lab.lab("fault", "conntrack-full")
      let before = try entries()
      let trace = try Lab.trace(
        ["--svc", "10.96.0.61", "--trace-rules"] + Lab.netns("node1", "client", "web1")
      ) {
        #expect(try entries() == before)
        let refused = try Lab.inside("client", "curl", "-s", "-m", "1", "http://10.96.0.61/")
        #expect(refused.status == 28, "curl: \(refused.status)")
        try Lab.lab("heal", "conntrack-full")
        let client = try SteadyClient()
        Thread.sleep(forTimeInterval: 0.5)
        try client.expectUnharmed()
      }
      let flows = trace.flows.filter { $0.isSeen(from: "kft-client") }
      let failed = flows.filter { $0.diagnosis != nil }
      #expect(failed.map { $0.diagnosis?.cause } == ["conntrack-full"])
      #expect(flows.count > failed.count)
      #expect(flows.allSatisfy { $0.diagnosis != nil || $0.state == "completed" })
    }
  }

  /// Connections from the pod client to a Service, from now until it is asked.
  final class SteadyClient {
    private let running: Lab.Running

    init() throws { running = try Lab.python("client", "steady-client.py", "10.96.0.61", "80") }

    deinit { running.send(SIGKILL) }

    /// All of them were answered.
    func expectUnharmed() throws {
      running.send(SIGTERM)
      let lines = try running.wait().output.split(separator: "\n")
      #expect(lines.count == 1, "\(lines)")
      #expect(lines.last.flatMap { Int($0) } ?? 0 > 0)
    }
  }
}

extension Lab {
  /// Nothing failed, but for what the kernel drops while a device is given a clsact qdisc, which is how
  /// tc programs are attached before Linux 6.6.
  static func expectNoFailure(_ trace: Trace) {
    let failed = trace.flows.compactMap(\.diagnosis).filter {
      !(isBefore66 && $0.why.contains("which has no queue, was being changed"))
    }
    #expect(failed.isEmpty, "\(trace.errors)")
  }

  /// Without tcx links.
  static let isBefore66 =
    (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8))?
    .hasPrefix("6.1.") ?? false

  /// A program of scripts/lab.d in a pod's or node's namespace.
  static func python(_ namespace: String, _ program: String, _ arguments: String...) throws
    -> Running
  {
    try Running(
      ["ip", "netns", "exec", "kft-\(namespace)", "/usr/bin/python3", "-I", "-S"]
        + ["\(root)/scripts/lab.d/\(program)"] + arguments)
  }
}
