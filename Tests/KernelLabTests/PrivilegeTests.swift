import Foundation
import Glibc
import Testing

extension LabTests {
  /// What a tracer asks for, what it keeps, and that it can do without the rest.
  @Suite(.serialized) struct Privileges {
    /// Bits of the masks in /proc/PID/status, by the numbers of include/uapi/linux/capability.h.
    private static let tracing: UInt64 =
      1 << 12 | 1 << 13 | 1 << 19 | 1 << 21 | 1 << 34 | 1 << 38 | 1 << 39
    private static let files: UInt64 = 1 << 1 | 1 << 3
    /// The DaemonSet's, as setpriv has them.
    private static let names = "net_admin,+net_raw,+sys_ptrace,+sys_admin,+syslog,+perfmon,+bpf"

    private let folder: String

    init() throws {
      folder = NSTemporaryDirectory() + "kft-priv-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    private struct Status: Hashable {
      var effective: UInt64
      var permitted: UInt64
      var bounding: UInt64
      /// Inheritable and ambient.
      var passed: UInt64
      var forbidsNew: Bool

      /// Of a thread; `nil` if it has ended.
      init?(_ path: String) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        func value(_ name: String) -> String {
          let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? ""
          return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
        func mask(_ name: String) -> UInt64 { UInt64(value(name), radix: 16) ?? .max }
        effective = mask("CapEff")
        permitted = mask("CapPrm")
        bounding = mask("CapBnd")
        passed = mask("CapInh") | mask("CapAmb")
        forbidsNew = value("NoNewPrivs") == "1"
      }
    }

    /// Of all threads of a process.
    private func look(at process: Lab.Running) throws -> [Status] {
      let tasks = "/proc/\(process.pid)/task"
      return try FileManager.default.contentsOfDirectory(atPath: tasks)
        .compactMap { Status("\(tasks)/\($0)/status") }
    }

    /// Every thread, twenty times: no more than `kept` at any time, and nothing in effect but for
    /// moments.
    private func expect(only kept: UInt64, of process: Lab.Running) throws {
      var quiet = 0
      for _ in 0..<20 {
        let all = try look(at: process)
        #expect(!all.isEmpty)
        for one in all {
          #expect(one.permitted == kept && one.bounding == kept && one.passed == 0, "\(one)")
          #expect(one.effective & ~kept == 0 && one.forbidsNew, "\(one)")
        }
        if all.allSatisfy({ $0.effective == 0 }) { quiet += 1 }
        Thread.sleep(forTimeInterval: 0.03)
      }
      #expect(quiet >= 15, "something was in effect in \(20 - quiet) of 20 looks")
    }

    @Test("nothing is in effect while it traces; what isn't needed is given up for good")
    func tracing() throws {
      defer { cleanUp() }
      try Lab.lab("up")
      let tracer = try Lab.startTracer(
        ["--svc", "10.96.0.50", "--record", "\(folder)/trace.json"] + Lab.netns("node1", "client"))
      try expect(only: Self.tracing | Self.files, of: tracer)
      tracer.send(SIGINT)
      #expect(try tracer.wait().status == 0)
    }

    @Test("who reads a recording keeps what opens files alone") func replaying() throws {
      defer { cleanUp() }
      let pipe = "\(folder)/pipe"
      try Lab.run("mkfifo", "-m", "600", pipe)
      let replay = try Lab.Running([
        "sh", "-c", "exec '\(Lab.tracerPath)' replay - < '\(pipe)'",
      ])
      let end = try #require(FileHandle(forWritingAtPath: pipe))
      // until the shell is kflowtrace
      let deadline = Date().addingTimeInterval(20)
      while try look(at: replay).contains(where: { !$0.forbidsNew }), Date() < deadline {
        Thread.sleep(forTimeInterval: 0.05)
      }
      try expect(only: Self.files, of: replay)
      try end.close()
      #expect(try replay.wait().status == 0)
    }

    @Test(
      "what is missing is named, in one line",
      arguments: [
        ("-net_admin", "CAP_NET_ADMIN"), ("-bpf,-sys_admin", "CAP_BPF"),
        ("-perfmon,-sys_admin", "CAP_PERFMON"),
        ("-all", "CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF"),
      ])
    func missing(_ set: String, _ names: String) throws {
      for command in [["--svc", "10.96.0.50"], ["drops"]] {
        let result = try Lab.run(
          ["setpriv", "--bounding-set", set, Lab.tracerPath] + command + ["--duration", "1"])
        #expect(result.status == 77)
        #expect(result.errors.hasPrefix("kflowtrace: missing \(names): "), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1 && result.output.isEmpty)
      }
      #expect(try Lab.leftPrograms().isEmpty)
    }

    @Test("another namespace takes CAP_SYS_ADMIN, the own one does not, but for modules' types")
    func namespaces() throws {
      try Lab.lab("up")
      let without = ["setpriv", "--bounding-set", "-sys_admin"]
      let other = try Lab.run(
        without + [Lab.tracerPath, "--all", "--duration", "1"] + Lab.netns("node1"))
      #expect(other.status == 77)
      #expect(other.errors.contains("CAP_SYS_ADMIN"), "\(other.errors)")
      #expect(other.errors.split(separator: "\n").count { $0.hasPrefix("kflowtrace: ") } == 1)
      let own = try Lab.run(
        ["ip", "netns", "exec", "kft-node1"] + without
          + [Lab.tracerPath, "--svc", "default/web", "--duration", "1"]
          + (Lab.backend == "auto" ? [] : ["--backend", Lab.backend]))
      let modules = try FileManager.default.contentsOfDirectory(atPath: "/sys/kernel/btf")
        .contains { $0 != "vmlinux" }
      // the Service has its name from the rules
      let isTracing =
        own.status == 0 && own.errors.contains("tracing default/web 10.96.0.50:80/tcp")
      let isTold = own.status == 77 && own.errors.contains("it takes CAP_SYS_ADMIN")
      #expect(isTracing || (modules && isTold), "\(own.status) \(own.errors)")
      #expect(try Lab.leftPrograms().isEmpty)
    }

    @Test("who is not root traces with these capabilities, and what it runs reads the rules")
    func notRoot() throws {
      defer { cleanUp() }
      try Lab.lab("up")
      // where nobody may run it
      let copy = "\(folder)/kflowtrace"
      try Lab.run("install", "-m", "755", Lab.tracerPath, copy)
      try Lab.run("chmod", "755", folder)
      let set = "-all,+\(Self.names)"
      let tracer = try Lab.Running(
        [
          "ip", "netns", "exec", "kft-node1", "setpriv", "--reuid", "65534", "--regid", "65534",
          "--clear-groups", "--inh-caps", set, "--ambient-caps", set, "--bounding-set", set, copy,
          "--svc", "default/web", "--json", "--flows", "1",
        ] + (Lab.backend == "auto" ? [] : ["--backend", Lab.backend]))
      try tracer.waitUntilTracing()
      let all = try look(at: tracer)
      for one in all {
        #expect(one.permitted == Self.tracing && one.passed == Self.tracing, "\(one)")
      }
      try Lab.inside("client", "curl", "-s", "-m", "10", "-o", "/dev/null", "http://10.96.0.50/")
      let trace = try Trace(tracer.wait())
      #expect(trace.status == 0 && trace.flows.map(\.state) == ["completed"], "\(trace.errors)")
      #expect(trace.flows.first?.service?.name == "web")
      #expect(try Lab.leftPrograms().isEmpty && Lab.clsactDevices().isEmpty)
    }

    @Test("with the DaemonSet's capabilities alone a drop is explained to its rule and function")
    func daemonSet() throws {
      try Lab.lab("up")
      try Lab.lab("fault", "policy-drop-pinned")
      defer { _ = try? Lab.lab("heal", "policy-drop-pinned") }
      let manifest = try String(
        contentsOfFile: "\(Lab.root)/scripts/package.d/daemonset.yaml", encoding: .utf8)
      for name in Self.names.split(separator: ",") {
        let name = name.drop { $0 == "+" }.uppercased()
        #expect(manifest.contains("- \(name) "), "the DaemonSet has \(name)")
      }
      let tracer = try Lab.startTracer(
        ["--svc", "default/web-remote"] + Lab.netns("node1", "client", "web2"),
        prefix: ["setpriv", "--bounding-set", "-all,+\(Self.names)"])
      try expect(only: Self.tracing, of: tracer)
      try Lab.lab("traffic", "policy-drop-pinned")
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      let trace = try Trace(tracer.wait())
      let drops = trace.flows.filter { $0.isSeen(from: "kft-client") }.flatMap(\.drops)
      #expect(trace.status == 1 && !drops.isEmpty)
      for drop in drops {
        #expect(drop.rule?.comment == "deny-trace-backend", "\(trace.errors)")
        #expect(drop.location?.contains("+0x") == true, "\(drop.location ?? "nowhere")")
      }
    }
  }
}
