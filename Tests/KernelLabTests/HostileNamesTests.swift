import Foundation
import Glibc
import Testing

extension LabTests {
  /// A namespace, a device, a chain, comments, a Service and a DNS name that mean harm to terminals, pages
  /// and JSON: bytes are the kernel's, and nothing of them gets through.
  @Suite(.serialized, .enabled(if: !Lab.isEmulated, "once, natively")) struct HostileNames {
    /// Blinks, turns the line around, begins an element: of a namespace, which is found by it, and of a
    /// chain, which iptables-save prints as it is.
    private static let plain = #"$'e\e[5m<b>;$(id)\xe2\x80\xae'"#
    /// The same for a device and comments; ends a text, and is no UTF-8 at its end.
    private static let name = #"$'e\e[5m"<b>\xe2\x80\xae\xff'"#

    /// A pod behind a device of node1, and a Service that leads to a rule which drops.
    private static let setup = """
      set -e
      name=\(name) plain=\(plain)
      ip netns add "kft-$plain"
      ip -n kft-node1 link add "$name" type veth peer name eth0 netns "kft-$plain"
      ip -n kft-node1 address add 10.99.0.1/24 dev "$name"
      ip -n kft-node1 link set "$name" up
      ip -n "kft-$plain" address add 10.99.0.2/24 dev eth0
      ip -n "kft-$plain" link set eth0 up
      ip -n "kft-$plain" route add default via 10.99.0.1
      table() { ip netns exec kft-node1 iptables-nft -w -t "$@"; }
      service="default/$name"
      table nat -N KUBE-SEP-HOSTILE
      table nat -A KUBE-SEP-HOSTILE -p tcp -m comment --comment "$service:http" -m tcp -j DNAT \
        --to-destination 10.244.2.8:8080
      table nat -N KUBE-SVC-HOSTILE
      table nat -A KUBE-SVC-HOSTILE -m comment --comment "$service:http -> 10.244.2.8:8080" \
        -j KUBE-SEP-HOSTILE
      table nat -I KUBE-SERVICES -d 10.96.0.99/32 -p tcp -m comment \
        --comment "$service:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-HOSTILE
      table filter -N "K-$plain"
      table filter -A "K-$plain" -m comment --comment "$name</script> %s $name" -j DROP
      table filter -I FORWARD -s 10.99.0.2/32 -p tcp -j "K-$plain"
      ip netns exec kft-node1 tc qdisc add dev "$name" clsact
      ip netns exec kft-node1 tc filter add dev "$name" ingress prio 7 protocol all \
        bpf bytecode '1,6 0 0 0,' flowid 1:1
      """

    private static let traffic = """
      plain=\(plain)
      ip netns exec "kft-$plain" curl -s -m 1 http://10.96.0.99/
      ip netns exec kft-client dig @10.96.0.10 +tries=1 +timeout=2 \
        '\\027[5m"<b>\\226\\128\\174.example'
      true
      """

    @Test("nothing of them gets through") func everywhere() throws {
      try Lab.lab("up")
      defer { _ = try? Lab.lab("down") }  // with the rules
      defer { _ = try? Lab.run("bash", "-c", "ip netns del \"kft-\"\(Self.plain)") }
      let made = try Lab.run("bash", "-c", Self.setup)
      try #require(made.status == 0, "\(made.errors)")
      // the command line takes text only: the namespace is named by a process in it
      let dweller = try Lab.Running([
        "bash", "-c", "exec ip netns exec \"kft-\"\(Self.plain) sleep 300",
      ])
      defer { dweller.send(SIGKILL) }
      Thread.sleep(forTimeInterval: 0.3)
      let place = ["--netns", "\(dweller.pid)"] + Lab.netns("node1", "client")
      let recording = NSTemporaryDirectory() + "kft-\(UUID().uuidString).json"
      defer { try? FileManager.default.removeItem(atPath: recording) }

      let services = ["--svc", "10.96.0.99", "--svc", "kube-system/kube-dns"]
      let tracer = try Lab.startTracer(
        services + ["--trace-rules", "--record", recording] + place)
      let drops = try Lab.startTracer(["drops", "--interval", "1s"] + place)
      let table = try Lab.Running([
        "env", "TERM=xterm", "script", "-qec",
        ([Lab.tracerPath, "drops", "--duration", "4s", "--interval", "1s"] + place)
          .joined(separator: " "), "/dev/null",
      ])
      Thread.sleep(forTimeInterval: 1)
      try Lab.run("bash", "-c", Self.traffic)
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      drops.send(SIGINT)
      let traced = try tracer.wait()
      try requireHarmless(traced)
      try requireHarmless(drops.wait())
      let screen = try table.wait().output
      #expect(screen.contains("policy-drop") && screen.contains("?[5m"), "\(screen)")
      #expect(!screen.contains("\u{1b}[5m") && !screen.contains("\u{202e}"))

      // they were there: the flow has them all, escaped
      let trace = try Trace(traced)
      let flow = try #require(trace.flows.first { $0.destination.address == "10.96.0.99" })
      let plain = "e\u{1b}[5m<b>;$(id)\u{202e}"
      let hostile = "e\u{1b}[5m\"<b>\u{202e}\u{fffd}"
      // names of Kubernetes are DNS labels: this one is no Service's
      #expect(flow.service == nil)
      let rule = try #require(flow.diagnosis?.rule)
      #expect(rule.chain == "K-\(plain)", "\(rule)")
      #expect(rule.comment == "\(hostile)</script> %s \(hostile)", "\(rule)")
      #expect(flow.diagnosis?.check.contains { $0.contains(" -L 'K-\(plain)' ") } == true)
      #expect(flow.request.contains { $0.netns == "kft-\(plain)" })
      #expect(flow.request.contains { $0.interface == hostile })
      let lookups = trace.flows.flatMap { $0.dns ?? [] }
      #expect(lookups.contains { $0.name == #"\027[5m"<b>\226\128\174.example"# }, "\(lookups)")

      let node = ["ip", "netns", "exec", "kft-node1", Lab.tracerPath]
      let doctor = try Lab.run(node + ["doctor"])
      try requireHarmless(doctor)
      #expect(doctor.output.contains("?[5m"), "\(doctor.output)")
      try requireHarmless(Lab.run(node + ["doctor", "--json"]))
      try requireHarmless(Lab.run(node + ["--svc", "default/none"]))
      try requireHarmless(Lab.run([Lab.tracerPath, "replay", "-vv", recording]))
      try requireHarmless(Lab.run([Lab.tracerPath, "merge", recording, recording]))
      try exports(recording)
    }

    private func exports(_ recording: String) throws {
      let export = [Lab.tracerPath, "export", "--format"]
      for format in ["hubble", "otlp", "perfetto"] {
        let result = try Lab.run(export + [format, recording])
        try requireHarmless(result)
        let documents =
          format == "perfetto" ? [result.output[...]] : result.output.split(separator: "\n")
        for text in documents {
          _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
        }
      }
      let page = try Lab.run(export + ["html", recording]).output
      #expect(page.contains("[5m") && !page.contains("<b>") && !page.contains("\u{1b}"))
      let capture = recording + ".pcapng"
      defer { try? FileManager.default.removeItem(atPath: capture) }
      #expect(try Lab.run(export + ["pcapng", recording, "-o", capture]).status == 0)
      let bytes = try Data(contentsOf: URL(filePath: capture))
      #expect(bytes.range(of: Data("?[5m".utf8)) != nil)
      for bad in ["\u{1b}[5m", "\u{202e}"] { #expect(bytes.range(of: Data(bad.utf8)) == nil) }
    }

    /// Nothing that acts on a terminal, in output and remarks.
    private func requireHarmless(_ result: Lab.Finished) throws {
      for text in [result.output, result.errors] {
        let bad = text.unicodeScalars.filter { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: scalar != "\n"
          default: false
          }
        }
        try #require(bad.isEmpty, "\(bad.map(\.value)) in \(text.debugDescription)")
      }
    }
  }
}
