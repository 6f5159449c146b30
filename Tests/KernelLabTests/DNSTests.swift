import Foundation
import Glibc
import Testing

extension LabTests {
  /// What is read of the messages of port 53.
  @Suite(.serialized) struct DNS {
    private static let name = "api.example.com"

    /// Runs the C library's resolver in the client pod with the files that the scenario
    /// dns-search-expansion has laid out.
    private static func resolve(_ name: String) throws {
      let files =
        (ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? "/run")
        + "/kflowtrace-lab/kft"
      try Lab.inside(
        "client", "unshare", "-m", "sh", "-c",
        """
        mount --make-rprivate /
        mount --bind \(files)/resolv.conf /etc/resolv.conf
        mount --bind \(files)/nsswitch.conf /etc/nsswitch.conf
        exec getent ahosts \(name)
        """)
    }

    @Test("32: ndots:5 makes a search of a name, and only of that") func search() throws {
      let trace = try Lab.scenario(
        "dns-search-expansion",
        ["--svc", "kube-system/kube-dns"] + Lab.netns("node1", "node2", "client", "dns"))
      #expect(trace.status == 0, "it worked")
      #expect(trace.flows.count == 5)
      let told = trace.flows.filter { $0.diagnosis != nil }
      #expect(told.count == 1, "the second name ends with a dot")
      let flow = try #require(told.first)
      #expect(
        Set((flow.dns ?? []).map(\.text)) == [
          "A \(Self.name) NOERROR", "AAAA \(Self.name) NOERROR",
        ])
      let search = try #require(flow.dnsSearch)
      #expect(
        search.tried
          == ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"].map {
            "\(Self.name).\($0)"
          })
      #expect(search.found == Self.name && search.questions == 6)
      #expect((50_000...5_000_000_000).contains(search.lost), "\(search.lost) ns")
      let diagnosis = try #require(flow.diagnosis)
      #expect(diagnosis.cause == "dns-search-expansion" && diagnosis.layer == "dns")
      #expect(diagnosis.severity == "delay")
      let text = ([diagnosis.why] + diagnosis.evidence).joined(separator: "\n")
      #expect(text.contains("tried \(Self.name) with 3 search suffixes in vain"))
      #expect(text.contains("\(Self.name).svc.cluster.local "))
      #expect(trace.errors.contains("DNS  10 questions, all answered (4 NOERROR, 6 NXDOMAIN)"))
      #expect(trace.errors.contains("search lists cost 6 questions"))
    }

    @Test("a question that is lost is asked again after five seconds, by the same flow")
    func fiveSeconds() throws {
      try Lab.lab("up")
      try Lab.lab("fault", "dns-search-expansion")
      defer { _ = try? Lab.lab("heal", "dns-search-expansion") }
      // in the server's pod, which is not traced: the first packet passes, the second does not
      try Lab.inside(
        "dns", "nft",
        """
        table ip lose { chain in { type filter hook prerouting priority -400;
        udp dport 53 numgen inc mod 1000 1 drop; }; }
        """)
      defer { _ = try? Lab.inside("dns", "nft", "delete table ip lose") }
      let trace = try Lab.trace(["--svc", "kube-system/kube-dns"] + Lab.netns("node1", "client")) {
        try Self.resolve("\(Self.name).")
      }
      #expect(trace.status == 0 && trace.flows.count == 1)
      let flow = try #require(trace.flows.first)
      let lookups = flow.dns ?? []
      let late = try #require(lookups.first { $0.retries > 0 })
      #expect(late.retries == 1 && late.state == "answered" && late.code == "NOERROR")
      #expect(late.asked.count == 2)
      let gap = Double((late.asked.last ?? 0) - (late.asked.first ?? 0)) / 1e9
      #expect((4.5...8).contains(gap), "\(gap) s")
      #expect(try #require(late.latency) > 4_500_000_000)
      let other = try #require(lookups.first)
      #expect(other.retries == 0 && other.type != late.type)
      #expect((other.latency ?? .max) < 3_000_000_000)
      #expect(trace.errors.contains("1 asked again"))
    }

    @Test("questions and answers are those tcpdump decodes") func tcpdump() throws {
      try Lab.lab("up")
      let capture = NSTemporaryDirectory() + "kft-\(UUID().uuidString).pcap"
      defer { try? FileManager.default.removeItem(atPath: capture) }
      let dump = try Lab.Running([
        "ip", "netns", "exec", "kft-client", "tcpdump", "-Z", "root", "-i", "eth0", "-U",
        "--immediate-mode", "-w", capture, "udp", "port", "53",
      ])
      let deadline = Date().addingTimeInterval(60)
      while !dump.errors.contains("listening on"), Date() < deadline {
        Thread.sleep(forTimeInterval: 0.05)
      }
      let trace: Trace
      do {
        // the node's own namespace alone: the first sightings are its devices'
        trace = try Lab.trace(["--svc", "kube-system/kube-dns"] + Lab.netns("node1")) {
          for (name, type, server) in [
            ("web.default.svc.cluster.local", "A", "10.96.0.10"),
            ("web-local.default.svc.cluster.local", "AAAA", "fd00:10:96::10"),
            ("absent.default.svc.cluster.local", "SRV", "10.96.0.10"),
            ("web.default.svc.cluster.local", "TXT", "10.96.0.10"),
            ("elsewhere.example.org", "A", "10.96.0.10"),
            ("10.0.96.10.in-addr.arpa", "PTR", "fd00:10:96::10"),
          ] {
            try Lab.inside("client", "dig", "@\(server)", name, type, "+tries=1", "+timeout=5")
          }
          Thread.sleep(forTimeInterval: 0.5)
        }
      } catch {
        dump.send(SIGINT)
        _ = try dump.wait()
        throw error
      }
      dump.send(SIGINT)
      _ = try dump.wait()
      // a question's line, then its answer's: joined by the id
      var questions: [Int: String] = [:]
      var theirs: [String] = []
      for line in try Lab.run("tcpdump", "-nn", "-t", "-r", capture).output.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count > 5, let id = Int(words[4].prefix(while: \.isNumber)) else { continue }
        if let type = words.firstIndex(where: { $0.hasSuffix("?") }) {
          questions[id] = "\(id) \(words[type].dropLast()) \(words[type + 1].dropLast())"
        } else if let question = questions[id] {
          let codes = ["NXDomain": "NXDOMAIN", "Refused": "REFUSED", "ServFail": "SERVFAIL"]
          let code = codes.first { line.contains(" \($0.key)") }?.value ?? "NOERROR"
          theirs.append("\(question) \(code)")
        }
      }
      let ours = trace.flows.flatMap { $0.dns ?? [] }.map { "\($0.id) \($0.text)" }
      #expect(theirs.count == 6, "\(theirs)")
      #expect(ours.sorted() == theirs.sorted())
    }
  }
}
