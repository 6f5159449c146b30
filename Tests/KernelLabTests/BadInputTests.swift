import Foundation
import Testing

extension LabTests {
  /// What can't be done is said in one line, with an exit code, before anything is attached.
  @Suite(.serialized) struct BadInput {
    struct Call: Sendable, CustomTestStringConvertible {
      var arguments: [String]
      var status: Int32
      var says: [String]

      init(_ line: String, _ status: Int32, _ says: String...) {
        arguments = line.split(separator: " ").map(String.init)
        self.status = status
        self.says = says
      }

      var testDescription: String { arguments.joined(separator: " ") }
    }

    /// Runs the tracer until it ends by itself.
    private func call(_ prefix: [String] = [], _ arguments: [String]) throws -> Lab.Finished {
      try Lab.Running(prefix + [Lab.tracerPath] + arguments).wait(limit: 60)
    }

    /// A line on stderr, nothing on stdout, no program left in the kernel.
    private func expect(_ result: Lab.Finished, _ status: Int32, says: [String]) throws {
      #expect(result.status == status, "\(result.errors)")
      #expect(result.output.isEmpty)
      let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("note: ") }
      #expect(lines.count == 1, "\(result.errors)")
      for words in says { #expect(result.errors.contains(words), "\(result.errors)") }
      #expect(try Lab.leftPrograms().isEmpty)
    }

    private static let wrong = [
      Call("--svc 10.96.0.300", 64, "10.96.0.300", "is no IP address"),
      Call("--svc 10.96.0.50:0", 64, "ports are 1 to 65535"),
      Call("--svc 10.96.0.50:70000", 64, "\"70000\"", "ports are 1 to 65535"),
      Call("--svc 10.96.0.50:80/tpc", 64, "\"tpc\" is no protocol"),
      Call("--svc [fd00::1:80", 64, "is no IP address"),
      Call("--svc a/b/c", 64, "--svc a/b/c"),
      Call("--pod pod-1", 64, "--pod pod-1"),
      Call("--flow 10.0.0.1", 64, "SRC[:PORT],DST[:PORT]"),
      Call("--flow 10.0.0.1,10.0.0.2:x", 64, "\"x\" is no port"),
      Call("--svc 10.96.0.50 --proto 300", 64, "--proto 300"),
      Call("--svc 10.96.0.50 --buffer 3M", 64, "power of two"),
      Call("--svc 10.96.0.50 --buffer lots", 64, "--buffer lots"),
      Call("--svc 10.96.0.50 --duration soon", 64, "--duration soon"),
      Call("--svc 10.96.0.50 --flows 0", 64, "--flows 0"),
      Call("--svc 10.96.0.50 --backend ebpf", 64, "auto, kprobe or netfilter"),
      Call("--svc 10.96.0.50 --tunnel-ports 0", 64, "--tunnel-ports 0"),
      Call("--svc 10.96.0.50 --tunnel-ports 1,2,3,4,5", 64, "four at most"),
      Call("--svc 10.96.0.50 --netns kft-nowhere", 64, "kft-nowhere"),
      Call("--svc 10.96.0.50 --netns /etc/passwd", 64, "/etc/passwd"),
      Call("--svc 10.96.0.50 --netns 4194999", 64, "4194999"),
      Call("--svc 10.96.0.50 --netns kft-node1 --iface eth9", 64, "eth9"),
      Call("--svc default/nothing --netns kft-node1", 64, "no such Service", "default/web"),
      Call("--svc default/web --netns kft-client", 64, "no kube-proxy rules"),
      Call("", 64, "say what to trace"),
    ]

    @Test("wrong use", arguments: wrong) func usage(_ wrong: Call) throws {
      try Lab.lab("up")
      try expect(try call([], wrong.arguments), wrong.status, says: wrong.says)
    }

    @Test("without privileges") func privilege() throws {
      let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
      let result = try call(nobody, ["--svc", "10.96.0.50"])
      try expect(result, 77, says: ["CAP_NET_ADMIN", "CAP_BPF", "run as root"])
    }

    @Test("without BTF") func withoutBTF() throws {
      let hidden = [
        "unshare", "-m", "sh", "-c", "mount -t tmpfs none /sys/kernel/btf && exec \"$@\"", "sh",
      ]
      let result = try call(hidden, ["--svc", "10.96.0.50"])
      try expect(result, 69, says: ["no BTF", "CONFIG_DEBUG_INFO_BTF"])
    }

    @Test("a backend the kernel lacks") func backend() throws {
      let hasKprobes = FileManager.default.fileExists(
        atPath: "/sys/bus/event_source/devices/kprobe/type")
      let release = try String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
      if !hasKprobes {
        try expect(
          try call([], ["--svc", "10.96.0.50", "--backend", "kprobe"]), 69,
          says: ["CONFIG_KPROBES", "--backend netfilter"])
      }
      if release.hasPrefix("6.1.") {
        try expect(
          try call([], ["--svc", "10.96.0.50", "--backend", "netfilter"]), 69,
          says: ["6.4", "--backend kprobe"])
      }
      #expect(!hasKprobes || release.hasPrefix("6."), "nothing to try here")
    }

    @Test("a node without iptables-save still traces") func withoutIptables() throws {
      try Lab.lab("up")
      let hidden = [
        "unshare", "-m", "sh", "-c",
        """
        for tool in iptables-save ip6tables-save iptables-nft-save ip6tables-nft-save \
          iptables-legacy-save ip6tables-legacy-save; do
          path=$(command -v $tool) && mount --bind /dev/null "$(readlink -f "$path")"
        done
        exec "$@"
        """, "sh",
      ]
      let tracer = try Lab.startTracer(
        ["--svc", "10.96.0.50"] + Lab.netns("node1", "client"), prefix: hidden)
      try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.50/")
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      let trace = try Trace(tracer.wait())
      #expect(trace.errors.contains("note: "), "\(trace.errors)")
      let flow = try #require(trace.flows.first)
      #expect(flow.service == nil && flow.reply != nil)
    }
  }
}
