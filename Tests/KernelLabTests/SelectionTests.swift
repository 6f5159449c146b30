import Foundation
import Glibc
import Testing

extension LabTests {
  /// What each selector and limit lets through, and what the output is like.
  @Suite(.serialized) struct Selection {
    private let nodes = Lab.netns("node1", "node2", "client")

    private func get(_ url: String) throws {
      try Lab.inside("client", "curl", "-s", "-m", "10", "-o", "/dev/null", url)
    }

    private func all() throws {
      for url in ["10.96.0.50", "10.96.0.62", "10.96.0.61"] { try get("http://\(url)/") }
    }

    @Test("--svc ADDRESS:PORT and several of them") func services() throws {
      try Lab.lab("up")
      let trace = try Lab.trace(
        ["--svc", "10.96.0.62:80/tcp", "--svc", "default/web-local"] + nodes
      ) { try all() }
      #expect(Set(trace.flows.map(\.destination.address)) == ["10.96.0.62", "10.96.0.61"])
      let none = try Lab.trace(["--svc", "10.96.0.62:81"] + nodes) { try all() }
      #expect(none.flows.isEmpty && none.status == 0)
    }

    @Test("--pod: its traffic, by Service or not") func pod() throws {
      try Lab.lab("up")
      let trace = try Lab.trace(["--pod", "10.244.2.8"] + nodes) {
        try get("http://10.244.2.8:8080/")
        try get("http://10.244.2.9:8080/")
        try get("http://10.96.0.62/")
      }
      #expect(trace.flows.count == 2)
      for flow in trace.flows {
        #expect((flow.reply?.source ?? flow.destination).text == "10.244.2.8:8080")
        #expect(flow.state == "completed" && flow.diagnosis == nil)
      }
    }

    @Test("--flow: between two, not either's others") func pair() throws {
      try Lab.lab("up")
      let trace = try Lab.trace(["--flow", "10.244.1.5,10.244.2.8:8080"] + nodes) {
        try get("http://10.244.2.8:8080/")
        try get("http://10.244.2.9:8080/")
        try Lab.inside("node1", "curl", "-s", "-m", "10", "http://10.244.2.8:8080/")
      }
      #expect(trace.flows.map(\.destination.text) == ["10.244.2.8:8080"])
      #expect(trace.flows.first?.source.address == "10.244.1.5")
    }

    @Test("--proto keeps to one protocol") func proto() throws {
      try Lab.lab("up")
      func ask() throws {
        try Lab.inside("client", "dig", "+tries=1", "@10.96.0.10", "web.default.svc.cluster.local")
        try Lab.inside(
          "client", "dig", "+tcp", "+tries=1", "@10.96.0.10", "web.default.svc.cluster.local")
      }
      for proto in ["udp", "tcp"] {
        let trace = try Lab.trace(["--svc", "10.96.0.10", "--proto", proto] + nodes, ask)
        #expect(trace.flows.map(\.transport) == [proto])
      }
    }

    @Test("--iface: tc there only") func interface() throws {
      try Lab.lab("up")
      let trace = try Lab.trace(
        ["--svc", "10.96.0.62", "--iface", "vethclient"] + Lab.netns("node1")
      ) { try get("http://10.96.0.62/") }
      let hops = trace.flows.flatMap(\.timeline).flatMap(\.hops)
      let devices = Set(hops.filter { $0.hook.hasPrefix("tc") }.compactMap(\.interface))
      #expect(devices == ["vethclient"])
      #expect(trace.flows.first?.reply?.source.text == "10.244.2.8:8080", "NAT is still seen")
    }

    @Test("ping: one flow, answered; a socket of another family is no packet") func ping() throws {
      try Lab.lab("up")
      let trace = try Lab.trace(["--all"] + Lab.netns("client", "node1")) {
        try Lab.inside("client", "ping", "-c", "2", "-i", "0.2", "10.244.1.1")
        try Lab.inside(
          "client", "python3", "-c",
          """
          import socket
          a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
          a.send(b"ERROR: this is no IP header, whatever it looks like")
          b.close()
          """)
      }
      let pings = trace.flows.filter { $0.transport == "icmp" }
      #expect(pings.count == 1, "\(trace.flows.map(\.destination))")
      #expect(pings.first?.state == "completed" && pings.first?.reply == nil)
      #expect(
        trace.flows.allSatisfy { $0.diagnosis == nil }, "\(trace.flows.compactMap(\.diagnosis))")
      #expect(trace.status == 0)
    }

    @Test("--drops-only alone: every drop, and nothing else") func drops() throws {
      try Lab.lab("up")
      try Lab.lab("fault", "policy-drop-pinned")
      defer { _ = try? Lab.lab("heal", "policy-drop-pinned") }
      let trace = try Lab.trace(["--drops-only"]) {
        try get("http://10.96.0.50/")
        try Lab.lab("traffic", "policy-drop-pinned")
      }
      // a slow machine's TCP has old duplicates to drop, of connections that are well
      let ours = trace.flows.filter {
        $0.source.address == "10.244.1.5" && $0.diagnosis != nil
          && $0.drops.first?.reason.hasPrefix("TCP_") != true
      }
      #expect(ours.contains { $0.diagnosis?.rule?.comment == "deny-trace-backend" })
      #expect(
        ours.allSatisfy { $0.drops.first?.tuple.destination.text == "10.244.2.8:8080" }, "\(ours)")
    }

    @Test("--flows and --duration end it") func limits() throws {
      try Lab.lab("up")
      let tracer = try Lab.startTracer(["--svc", "10.96.0.62", "--flows", "2"] + nodes)
      for _ in 0..<4 { try get("http://10.96.0.62/") }
      let two = try Trace(tracer.wait(limit: 30))
      #expect(two.flows.count == 2 && two.status == 0)
      let begin = Date()
      let timed = try Lab.startTracer(["--svc", "10.96.0.62", "--duration", "1s"] + nodes)
      let none = try Trace(timed.wait(limit: 60))
      #expect(none.flows.isEmpty && none.status == 0)
      #expect(Date().timeIntervalSince(begin) > 1)
    }

    @Test("a reader that goes ends it in order") func closedPipe() throws {
      try Lab.lab("up")
      let command = ([Lab.tracerPath, "--svc", "10.96.0.62", "-v"] + nodes).joined(separator: " ")
      let tracer = try Lab.Running(["bash", "-c", "\(command) | head -n 1; echo ${PIPESTATUS[0]}"])
      let deadline = Date().addingTimeInterval(60)
      while !tracer.errors.contains("tracing "), Date() < deadline {
        Thread.sleep(forTimeInterval: 0.05)
      }
      for _ in 0..<3 {
        try get("http://10.96.0.62/")
        Thread.sleep(forTimeInterval: 1)
      }
      let result = try tracer.wait(limit: 60)
      let lines = result.output.split(separator: "\n")
      #expect(lines.count == 2 && lines.first?.hasPrefix("✓ TCP") == true)
      #expect(lines.last == "0", "\(result.errors)")
    }

    @Test("colour on a terminal only, and not with NO_COLOR") func colour() throws {
      try Lab.lab("up")
      let command =
        ([Lab.tracerPath, "--svc", "10.96.0.62", "--duration", "1"] + nodes).joined(separator: " ")
      func output(_ wrapped: [String]) throws -> String { try Lab.run(wrapped).output }
      let escape = "\u{1b}["
      #expect(try output(["env", "-u", "NO_COLOR", "sh", "-c", command]).contains("connections"))
      #expect(try !output(["env", "-u", "NO_COLOR", "sh", "-c", command]).contains(escape))
      let terminal = ["script", "-qec", command, "/dev/null"]
      #expect(try output(["env", "-u", "NO_COLOR", "TERM=xterm"] + terminal).contains(escape))
      #expect(try !output(["env", "NO_COLOR=1", "TERM=xterm"] + terminal).contains(escape))
    }
  }
}
