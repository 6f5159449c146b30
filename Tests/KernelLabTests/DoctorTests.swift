import Foundation
import Glibc
import Testing

extension LabTests {
  /// `kflowtrace doctor` on this kernel.
  @Suite(.serialized) struct Doctor {
    private struct Report: Decodable {
      struct Finding: Decodable {
        var name: String
        var state: String
        var detail: String
        var get: String?
      }
      struct Hook: Decodable {
        var kind: String
        var name: String
        var isAttached: Bool
        var module: String?
      }
      var release: String
      var hooks: [String: [Hook]]
      var findings: [Finding]
      var exitCode: Int32

      func state(_ name: String) -> String? { finding(name)?.state }
      func finding(_ name: String) -> Finding? { findings.first { $0.name == name } }
    }

    private func doctor(_ prefix: [String] = []) throws -> (report: Report, status: Int32) {
      let result = try Lab.run(prefix + [Lab.tracerPath, "doctor", "--json"])
      #expect(result.errors.isEmpty, "\(result.errors)")
      #expect(try Lab.leftPrograms().isEmpty)
      return (
        try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)), result.status
      )
    }

    @Test("what this kernel has, by its own word") func kernel() throws {
      try Lab.lab("up")
      let (report, status) = try doctor(["ip", "netns", "exec", "kft-node1"])
      let release = try String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
      #expect(report.release == release.split(separator: "\n").first.map(String.init))
      let hasKprobes = FileManager.default.fileExists(
        atPath: "/sys/bus/event_source/devices/kprobe/type")
      let is61 = release.hasPrefix("6.1.")
      #expect(report.state("kprobe backend") == (hasKprobes ? "ok" : "note"))
      #expect(report.state("netfilter backend") == (is61 ? "note" : "ok"))
      #expect(report.hooks.keys.contains("kprobe") == hasKprobes)
      #expect(report.hooks.keys.contains("netfilter") == !is61)
      #expect(report.state("devices") == (is61 ? "note" : "ok"))
      #expect(report.state("kernel memory") == (is61 ? "note" : "ok"))
      #expect(report.state("rules") == "ok")
      #expect(report.findings.allSatisfy { $0.state == "ok" || $0.state == "note" })
      #expect(status == 0 && report.exitCode == 0)
    }

    @Test("every place is tried; functions that are not probed are not in kallsyms") func hooks()
      throws
    {
      try Lab.lab("up")
      let (report, _) = try doctor(["ip", "netns", "exec", "kft-node1"])
      let symbols = try Lab.run("cat", "/proc/kallsyms").output.split(separator: "\n")
      let names = Set(symbols.compactMap { $0.split { " \t".contains($0) }.dropFirst(2).first })
      for (backend, hooks) in report.hooks {
        for name in ["kfree_skb", "tcp_retransmit_skb", "tcp_send_reset"] {
          #expect(hooks.contains { $0.kind == "tracepoint" && $0.name == name && $0.isAttached })
        }
        #expect(hooks.contains { $0.kind == "device" && $0.name == "vethclient" })
        #expect(hooks.contains { $0.kind == backend })
        for hook in hooks where hook.kind == "kprobe" {
          #expect(hook.isAttached == names.contains(Substring(hook.name)), "\(hook.name)")
          #expect(hook.isAttached || hook.module != nil, "\(hook.name)")
          #expect((report.state(hook.name) == "note") == !hook.isAttached, "\(hook.name)")
        }
      }
      #expect(report.hooks["kprobe"].map { $0.filter { $0.kind == "kprobe" }.count > 15 } ?? true)
    }

    @Test("others' programs and what a killed tracer left are told, and stay") func residue() throws
    {
      try Lab.lab("up")
      let node = ["ip", "netns", "exec", "kft-node1"]
      defer { _ = try? Lab.inside("node1", "tc", "qdisc", "del", "dev", "vethclient", "clsact") }
      try Lab.inside("node1", "tc", "qdisc", "add", "dev", "vethclient", "clsact")
      try Lab.inside(
        "node1", "tc", "filter", "add", "dev", "vethclient", "ingress", "prio", "7", "protocol",
        "all", "bpf", "bytecode", "1,6 0 0 0,", "flowid", "1:1")
      #expect(
        try doctor(node).report.finding("other programs")?.detail.contains("vethclient") == true)
      #expect(
        try Lab.inside("node1", "tc", "filter", "show", "dev", "vethclient", "ingress").output
          .contains("pref 7 bpf"))

      let tracer = try Lab.startTracer(["--svc", "10.96.0.50"] + Lab.netns("node2"))
      tracer.send(SIGKILL)
      _ = try tracer.wait()
      let left = try Lab.clsactDevices().filter { $0.hasPrefix("node2") }
      let told = try Lab.run(node + [Lab.tracerPath, "doctor"])
      #expect(told.output.contains("leftovers") == !left.isEmpty, "\(told.output)")
      #expect(try Lab.clsactDevices().filter { $0.hasPrefix("node2") } == left)
      let next = try Lab.startTracer(["--svc", "10.96.0.50"] + Lab.netns("node2"))
      next.send(SIGINT)
      _ = try next.wait()
      #expect(try doctor(node).report.state("leftovers") == nil)
    }

    @Test("without CAP_SYS_ADMIN it traces where it is, if the kernel's types can be read")
    func partial()
      throws
    {
      let (report, status) = try doctor(["setpriv", "--bounding-set", "-sys_admin"])
      #expect(report.state("namespaces") == "missing")
      #expect(status == report.exitCode)
      // libbpf can't look for types in modules without it, and a backend may need some
      let types = try FileManager.default.contentsOfDirectory(atPath: "/sys/kernel/btf")
      #expect(types != ["vmlinux"] || !report.hooks.isEmpty)
      #expect(status == (report.hooks.isEmpty ? 77 : 1), "\(report.findings)")
      for hooks in report.hooks.values { #expect(hooks.contains { $0.kind == "tracepoint" }) }
      for finding in report.findings where finding.name.hasSuffix("backend") {
        guard finding.state == "missing" || finding.state == "fatal" else { continue }
        #expect(finding.get?.hasPrefix("CAP_SYS_ADMIN, ") == true, "\(finding)")
      }
    }

    @Test("without privileges, without BTF") func refused() throws {
      let nobody = try doctor(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
      #expect(nobody.status == 77 && nobody.report.state("capabilities") == "fatal")
      let hidden = try doctor([
        "unshare", "-m", "sh", "-c", "mount -t tmpfs none /sys/kernel/btf && exec \"$@\"", "sh",
      ])
      #expect(hidden.status == 69 && hidden.report.state("BTF") == "fatal")
    }

    @Test("text for people") func text() throws {
      try Lab.lab("up")
      let result = try Lab.run("ip", "netns", "exec", "kft-node1", Lab.tracerPath, "doctor")
      #expect(result.output.hasSuffix("\nall there\n"), "\(result.output)")
      #expect(!result.output.contains("\u{1b}"))
    }
  }
}
