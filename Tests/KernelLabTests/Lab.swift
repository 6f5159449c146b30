import Foundation
import Glibc
import Testing

/// The kernel lab of scripts/lab and a tracer in it. Needs root; tests that use it fail without.
enum Lab {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path()

  /// `netfilter` or `kprobe`: scripts/test runs the suite once for each the kernel has.
  static let backend = ProcessInfo.processInfo.environment["KFT_BACKEND"] ?? "auto"

  static var tracerPath: String {
    let named = ProcessInfo.processInfo.environment["KFLOWTRACE"]
    return named ?? "\(root)/.build/release/kflowtrace"
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Runs a command to its end.
  @discardableResult
  static func run(_ command: String...) throws -> Finished { try run(command) }

  @discardableResult
  static func run(_ command: [String]) throws -> Finished {
    let running = try Running(command)
    return try running.wait()
  }

  /// Runs scripts/lab; its failure is the test's.
  @discardableResult
  static func lab(_ arguments: String...) throws -> String {
    let result = try run(["\(root)/scripts/lab"] + arguments)
    guard result.status == 0 else {
      throw Failure(description: "lab \(arguments): \(result.status)\n\(result.errors)")
    }
    return result.output
  }

  /// Runs a command in a pod's or node's namespace.
  @discardableResult
  static func inside(_ namespace: String, _ command: String...) throws -> Finished {
    try run(["ip", "netns", "exec", "kft-\(namespace)"] + command)
  }

  /// A tracer that is tracing when this returns.
  static func startTracer(_ arguments: [String], prefix: [String] = []) throws -> Running {
    // drops are seen by the tracepoint, whatever the backend
    let isBackendChosen = backend != "auto" && arguments.first != "drops"
    let tracer = try Running(
      prefix + [tracerPath] + arguments + ["--json"]
        + (isBackendChosen ? ["--backend", backend] : []))
    let deadline = Date().addingTimeInterval(90)
    while !tracer.errors.contains("tracing ") {
      guard tracer.isRunning else {
        throw Failure(description: "the tracer ended: \(tracer.errors)")
      }
      guard Date() < deadline else {
        tracer.send(SIGTERM)
        throw Failure(description: "the tracer did not start in 90 s: \(tracer.errors)")
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return tracer
  }

  /// Whether this is one of scripts/vm, which are slow.
  static let isEmulated = ProcessInfo.processInfo.environment["KFLOWTRACE_VM"] != nil

  /// Seconds for a closing connection's last packets.
  static let settle: TimeInterval = isEmulated ? 2 : 0.7

  /// Traces while `body` makes traffic, then ends the tracer in order.
  static func trace(
    _ arguments: [String], settle: TimeInterval = settle, _ body: () throws -> Void
  ) throws -> Trace {
    let tracer = try startTracer(arguments)
    do {
      try body()
    } catch {
      tracer.send(SIGINT)
      _ = try tracer.wait()
      throw error
    }
    Thread.sleep(forTimeInterval: settle)
    tracer.send(SIGINT)
    return try Trace(tracer.wait())
  }

  /// `--netns` for namespaces of the lab.
  static func netns(_ names: String...) -> [String] { names.flatMap { ["--netns", "kft-\($0)"] } }

  /// Names of our programs in the kernel, by bpftool's word.
  static func attachedPrograms() throws -> [String] {
    try run("bpftool", "prog", "show").output.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let name = words.firstIndex(of: "name"), name + 1 < words.count else { return nil }
      return words[name + 1].hasPrefix("kft_") ? String(words[name + 1]) : nil
    }
  }

  /// Those that are still there after two seconds: the kernel frees programs a while after the
  /// last one who holds them is gone.
  static func leftPrograms() throws -> [String] {
    let deadline = Date().addingTimeInterval(2)
    while Date() < deadline {
      if try attachedPrograms().isEmpty { return [] }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return try attachedPrograms()
  }

  /// So many more devices in a namespace, in pairs: with 5 there are too many to have tcx links.
  static func addDevices(_ pairs: Int, to namespace: String) throws {
    for i in 0..<pairs { try inside(namespace, "ip", "link", "add", "many\(i)", "type", "veth") }
  }

  static func removeDevices(_ pairs: Int, from namespace: String) {
    for i in 0..<pairs { _ = try? inside(namespace, "ip", "link", "del", "many\(i)") }
  }

  /// Devices of the lab that have a clsact qdisc, by tc's word.
  static func clsactDevices() throws -> [String] {
    try ["node1", "node2", "client"].flatMap { namespace in
      try inside(namespace, "tc", "qdisc", "show").output.split(separator: "\n")
        .filter { $0.contains(" clsact ") }.map { "\(namespace): \($0)" }
    }
  }

  /// Whether a module is loaded, built in, or to be had.
  static func kernelHas(_ module: String) throws -> Bool {
    if FileManager.default.fileExists(atPath: "/sys/module/\(module)") { return true }
    return try run("modprobe", "-qn", module).status == 0
  }

  /// On a kernel without the module a lab that needs it is refused in one line that says so; true
  /// if it was.
  static func isRefused(_ setup: [String], without module: String) throws -> Bool {
    guard try !kernelHas(module) else { return false }
    let result = try run(["\(root)/scripts/lab", "up"] + setup)
    #expect(result.status == 1)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 1 && lines[0].contains("on this kernel, which has no \(module);"))
    return true
  }

  /// Breaks the lab as a scenario does, traces its traffic, heals.
  static func scenario(
    _ name: String, _ arguments: [String], mode: String = "iptables-nft", overlay: String = "vxlan"
  ) throws -> Trace {
    try lab("up", "--mode", mode, "--overlay", overlay)
    try lab("fault", name)
    defer { _ = try? lab("heal", name) }
    return try trace(arguments) { try lab("traffic", name) }
  }
}
