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
  static func startTracer(_ arguments: [String]) throws -> Running {
    let tracer = try Running(
      [tracerPath, "--json"] + arguments + (backend == "auto" ? [] : ["--backend", backend]))
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

  /// Traces while `body` makes traffic, then ends the tracer in order.
  static func trace(
    _ arguments: [String], settle: TimeInterval = 0.7, _ body: () throws -> Void
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

  /// Breaks the lab as a scenario does, traces its traffic, heals.
  static func scenario(_ name: String, _ arguments: [String]) throws -> Trace {
    try lab("up")
    try lab("fault", name)
    defer { _ = try? lab("heal", name) }
    return try trace(arguments) { try lab("traffic", name) }
  }
}
