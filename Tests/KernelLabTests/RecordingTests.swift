import Foundation
import Glibc
import Testing

extension LabTests {
  /// What `--record` keeps and `replay` tells.
  @Suite(.serialized) struct Recordings {
    private let folder: String

    init() throws {
      folder = NSTemporaryDirectory() + "kft-rec-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    private let selection =
      ["--svc", "10.96.0.50"] + Lab.netns("node1", "node2", "client", "web1", "web2", "web3")

    private func replay(_ arguments: String...) throws -> Lab.Finished {
      try Lab.run([Lab.tracerPath, "replay"] + arguments)
    }

    private func lines(_ path: String) throws -> [String] {
      try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// The scenario's trace, recorded.
    private func record(_ scenario: String, _ path: String) throws -> Trace {
      try Lab.scenario(scenario, selection + ["--record", path])
    }

    @Test("a replay prints the lines of the live trace, byte for byte") func sameLines() throws {
      defer { cleanUp() }
      let path = "\(folder)/trace.json"
      let trace = try record("endpoint-failing", path)
      #expect(!trace.flows.isEmpty && trace.status == 1)
      #expect(trace.errors.contains("recorded in \(path)"))
      let again = try replay("--json", path)
      #expect(again.output == trace.output)
      #expect(again.status == 1)
      #expect(
        trace.errors.hasSuffix("recorded in \(path)\n" + again.errors),
        "the summary for people: \(again.errors)")
      let lines = try lines(path)
      try SchemaCheck.validate(lines.joined(separator: "\n") + "\n")
      #expect(lines.first?.contains("\"type\":\"header\"") == true)
      #expect(lines.last?.contains("\"type\":\"summary\"") == true)
      #expect(lines.count { $0.contains("\"type\":\"event\"") } > trace.flows.count * 10)
    }

    @Test("and the text, whatever the file is compressed with", arguments: ["gz", "zst"])
    func sameText(_ ending: String) throws {
      defer { cleanUp() }
      let path = "\(folder)/trace.json.\(ending)"
      try Lab.lab("up")
      try Lab.lab("fault", "policy-drop-pinned")
      defer { _ = try? Lab.lab("heal", "policy-drop-pinned") }
      let live = try Lab.Running(
        [Lab.tracerPath, "--svc", "10.96.0.62", "--record", path]
          + Lab.netns("node1", "client", "web2")
          + (Lab.backend == "auto" ? [] : ["--backend", Lab.backend]))
      try live.waitUntilTracing()
      try Lab.lab("traffic", "policy-drop-pinned")
      Thread.sleep(forTimeInterval: Lab.settle)
      live.send(SIGINT)
      let told = try live.wait()
      #expect(told.output.contains("deny-trace-backend"))
      let again = try replay(path)
      #expect(again.output == told.output)
      let packed = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(packed.starts(with: ending == "gz" ? [0x1f, 0x8b] : [0x28, 0xb5, 0x2f, 0xfd]))
      let plain = try Lab.run(ending == "gz" ? "zcat" : "zstdcat", path)
      #expect(plain.status == 0 && plain.output.hasPrefix("{\"schema\":\"kflowtrace/1\""))
    }

    @Test("filters narrow what is told") func filters() throws {
      defer { cleanUp() }
      let path = "\(folder)/trace.json"
      let trace = try record("endpoint-failing", path)
      let failed = trace.flows.count { $0.diagnosis != nil }
      func told(_ arguments: String...) throws -> Trace {
        // the same lines as of the trace, which were validated
        try Trace(
          Lab.run([Lab.tracerPath, "replay", "--json", path] + arguments), checksSchema: false)
      }
      #expect(try told("--drops-only").flows.count == failed)
      #expect(try told("--cause", "policy-drop").flows.count == failed)
      let other = try told("--cause", "mtu-exceeded")
      #expect(other.flows.isEmpty && other.status == 0)
      #expect(try told("--svc", "default/web").flows.count == trace.flows.count)
      #expect(try told("--svc", "10.244.2.9:8080").flows.count == failed)
      #expect(try told("--svc", "default/web-remote").flows.isEmpty)
      #expect(try told("--from", "0s", "--to", "10m").flows.count == trace.flows.count)
      #expect(try told("--from", "10m").flows.isEmpty)
      #expect(try told("--to", "2001-01-01T00:00:00Z").flows.isEmpty)
      #expect(try told("--from", "2001-01-01T00:00:00Z").flows.count == trace.flows.count)
      let wrong = try replay(path, "--cause", "cake")
      #expect(wrong.status == 64 && wrong.errors.contains("policy-drop"))
    }

    @Test("what kill -9 leaves is readable") func killed() throws {
      defer { cleanUp() }
      for name in ["trace.json", "trace.json.gz"] {
        let path = "\(folder)/\(name)"
        try Lab.lab("up")
        let tracer = try Lab.startTracer(selection + ["--record", path])
        for _ in 0..<5 {
          try Lab.inside(
            "client", "curl", "-s", "-m", "10", "-o", "/dev/null", "http://10.96.0.50/")
        }
        Thread.sleep(forTimeInterval: Lab.settle)
        tracer.send(SIGKILL)
        _ = try tracer.wait()
        // the one who compresses ends by itself
        Thread.sleep(forTimeInterval: 1)
        let told = try replay("--json", path)
        let trace = try Trace(told)
        #expect(trace.flows.count == 5, "\(told.errors)")
        #expect(told.status == 0 || told.errors.contains("middle of the line"))
      }
    }

    @Test("a disk that fills up: whole lines are left, tracing goes on, exit code 74") func full()
      throws
    {
      defer { cleanUp() }
      let disk = "\(folder)/small"
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try #require(
        try Lab.run("mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk).status == 0)
      defer { _ = try? Lab.run("umount", disk) }
      let path = "\(disk)/trace.json"
      let trace = try record("healthy-other-node", path)
      #expect(trace.status == 74)
      #expect(trace.flows.count >= 6, "tracing went on")
      #expect(
        trace.errors.contains("recording stopped: \(path): No space left on device"),
        "\(trace.errors)")
      let told = try replay("--json", path)
      #expect(told.status == 0 && !told.errors.contains("can't"), "\(told.errors)")
      let lines = try lines(path)
      #expect(lines.count > 10)
      try SchemaCheck.validate(lines.joined(separator: "\n") + "\n")
    }

    @Test("a recording to stdout is nothing but the recording; a reader that goes ends it")
    func toStdout() throws {
      defer { cleanUp() }
      try Lab.lab("up")
      let tracer = try Lab.Running(
        [Lab.tracerPath, "--record", "-", "--duration", "4"] + selection)
      try tracer.waitUntilTracing()
      try Lab.inside("client", "curl", "-s", "-m", "10", "-o", "/dev/null", "http://10.96.0.50/")
      let finished = try tracer.wait()
      try SchemaCheck.validate(finished.output)
      let lines = finished.output.split(separator: "\n")
      #expect(lines.first?.contains("\"type\":\"header\"") == true)
      #expect(lines.count { $0.contains("\"type\":\"flow\"") } == 1)
      #expect(lines.last?.contains("\"type\":\"summary\"") == true)
      let command = "'\(Lab.tracerPath)' --record - \(selection.joined(separator: " ")) | head -n 1"
      let piped = try Lab.Running(["timeout", "60", "sh", "-c", command])
      try piped.waitUntilTracing()
      for _ in 0..<3 {
        try Lab.inside("client", "curl", "-s", "-m", "10", "-o", "/dev/null", "http://10.96.0.50/")
      }
      let ended = try piped.wait()
      #expect(ended.status == 0 && ended.output.split(separator: "\n").count == 1)
      #expect(try Lab.leftPrograms().isEmpty)
    }

    @Test("an existing file is not replaced, and nothing was attached then") func existing() throws
    {
      defer { cleanUp() }
      let path = "\(folder)/trace.json"
      try "mine\n".write(toFile: path, atomically: true, encoding: .utf8)
      let result = try Lab.run(
        [Lab.tracerPath, "--record", path, "--duration", "1"] + selection)
      #expect(result.status == 73 && result.errors.contains("--force"))
      #expect(try lines(path) == ["mine"])
      let foreign = try replay(path)
      #expect(foreign.status == 65 && foreign.errors.contains("trace.json:1: it is no JSON"))
    }

    @Test("files in another's folder are written, in turn, and read") func foreignFolder() throws {
      defer { cleanUp() }
      try Lab.lab("up")
      let path = "\(folder)/trace.json"
      try Lab.run("chmod", "700", folder)
      try Lab.run("chown", "65534:65534", folder)
      let tracer = try Lab.startTracer(
        ["--svc", "10.96.0.50", "--record", path, "--rotate", "20K"] + Lab.netns("node1", "client"))
      for _ in 0..<6 {
        try Lab.inside("client", "curl", "-s", "-m", "10", "-o", "/dev/null", "http://10.96.0.50/")
      }
      Thread.sleep(forTimeInterval: Lab.settle)
      tracer.send(SIGINT)
      let told = try tracer.wait()
      #expect(told.status == 0 && !told.errors.contains("stopped"), "\(told.errors)")
      let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(files.count > 1, "\(files)")
      for file in files.map({ "\(folder)/\($0)" }) {
        #expect(try Lab.run("stat", "-c", "%a", file).output == "600\n")
        try Lab.run("chown", "65534:65534", file)
      }
      let again = try Lab.run([Lab.tracerPath, "replay", path, "--json"])
      #expect(again.status == 0, "\(again.errors)")
      // replaced: it is the owner's, who keeps it
      try Lab.run("chmod", "644", path)
      let third = try Lab.run(
        [Lab.tracerPath, "--svc", "10.96.0.50", "--record", path, "--force", "--duration", "1"]
          + Lab.netns("node1"))
      #expect(third.status == 0, "\(third.errors)")
      #expect(try Lab.run("stat", "-c", "%a %u", path).output == "600 65534\n")
    }
  }
}

extension Lab.Running {
  /// Returns once it says that it traces.
  func waitUntilTracing() throws {
    let deadline = Date().addingTimeInterval(90)
    while !errors.contains("tracing ") {
      guard isRunning, Date() < deadline else {
        send(SIGTERM)
        throw Lab.Failure(description: "the tracer does not trace: \(errors)")
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
  }
}
