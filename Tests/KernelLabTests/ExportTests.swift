import Foundation
import Glibc
import Testing

extension LabTests {
  /// Fresh recordings in the formats of other programs, read by those: tshark, protobuf's JSON parser
  /// with OpenTelemetry's messages. What the kernel is makes no difference, so once is enough.
  @Suite(
    .serialized,
    .enabled(
      if: ProcessInfo.processInfo.environment["KFLOWTRACE_VM"] == nil, "once, natively"))
  struct Exports {
    private static let pods = Lab.netns("node1", "node2", "client", "web1", "web2", "web3")

    /// A recording of a scenario and what tcpdump saw meanwhile where the client's packets enter the node.
    private struct Material {
      let folder: URL
      let trace: Trace
      var recording: String { folder.appending(path: "trace.json").path() }
      var capture: String { folder.appending(path: "tcpdump.pcap").path() }

      init(_ scenario: String, _ arguments: [String]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "kft-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let capture = folder.appending(path: "tcpdump.pcap").path()
        try Lab.lab("up")
        try Lab.lab("fault", scenario)
        defer { _ = try? Lab.lab("heal", scenario) }
        let tcpdump = try Lab.Running([
          "ip", "netns", "exec", "kft-node1", "tcpdump", "-i", "vethclient", "-U", "-Z", "root",
          "-w", capture, "tcp and not ip6",
        ])
        defer { tcpdump.send(SIGKILL) }
        let deadline = Date().addingTimeInterval(20)
        while !tcpdump.errors.contains("listening on") {
          guard tcpdump.isRunning, Date() < deadline else {
            throw Lab.Failure(description: "tcpdump: \(tcpdump.errors)")
          }
          usleep(10_000)
        }
        let record = folder.appending(path: "trace.json").path()
        trace = try Lab.trace(arguments + ["--record", record]) {
          try Lab.lab("traffic", scenario)
        }
        tcpdump.send(SIGINT)
        _ = try tcpdump.wait()
      }

      /// The path of an export.
      func export(_ format: String, _ options: String...) throws -> String {
        let path = folder.appending(path: "\(format)\(options.joined())").path()
        let result = try Lab.run(
          [Lab.tracerPath, "export", "--format", format, recording, "--force", "-o", path] + options
        )
        guard result.status == 0, result.errors.isEmpty else {
          throw Lab.Failure(description: "export \(format): \(result.status) \(result.errors)")
        }
        return path
      }

      func remove() { try? FileManager.default.removeItem(at: folder) }
    }

    /// What Tests/Validators/NAME.py finds.
    private func found<Findings: Decodable>(
      _ name: String, _ type: Findings.Type, _ paths: String...
    ) throws -> Findings {
      let python = "\(Lab.root)/.build/python/bin/python3"
      let result = try Lab.run([python, "\(Lab.root)/Tests/Validators/\(name).py"] + paths)
      guard result.status == 0 else {
        throw Lab.Failure(description: "\(name).py: \(result.errors)\nscripts/setup export?")
      }
      return try JSONDecoder().decode(type, from: Data(result.output.utf8))
    }

    private struct Packets: Decodable {
      var frames: Int
      var kinds: [String: Int]
      var protocols: [String: Int]
      var comments: [String: Int]
      var rewritten: Int
      var translations: Int
      var timeline: Int
      var packets: Int
    }

    private struct Tracks: Decodable {
      var connections: Int
      var packets: Int
      var hops: Int
      var drops: Int
      var causes: [String]
    }

    private struct Lines: Decodable {
      var lines: Int
      var verdicts: [String: Int]
      var reasons: [String: Int]
      var services: [String]
    }

    /// Every packet of a capture: its headers, and when.
    private func packets(_ path: String, _ filter: String) throws -> [String: [Double]] {
      let fields = [
        "ip.src", "ip.dst", "ip.id", "ip.ttl", "ip.len", "ip.flags.df", "tcp.srcport",
        "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.hdr_len", "tcp.len",
      ]
      let options = fields.flatMap { ["-e", $0] }
      let result = try Lab.run(
        ["tshark", "-n", "-r", path, "-Y", filter, "-T", "fields", "-e", "frame.time_epoch"]
          + options)
      guard result.status == 0 else { throw Lab.Failure(description: result.errors) }
      var packets: [String: [Double]] = [:]
      for line in result.output.split(separator: "\n") {
        let words = line.split(separator: "\t", maxSplits: 1)
        packets[String(words[1]), default: []].append(try #require(Double(words[0])))
      }
      return packets
    }

    /// What holds of any recording.
    private func check(_ material: Material, drops: Int, cause: String?) throws {
      let flows = material.trace.flows
      let kept = flows.reduce(0) { $0 + $1.timeline.count }
      let causes = flows.compactMap { $0.diagnosis?.cause }.sorted()
      #expect(Set(causes) == Set([cause].compactMap { $0 }))

      let pcapng = try material.export("pcapng")
      let frames = try found("pcapng", Packets.self, material.recording, pcapng)
      #expect(frames.frames == frames.kinds.values.reduce(0, +))
      // all packets of these connections went one by one, and each went through NAT once
      #expect(frames.timeline == frames.packets)
      #expect(frames.rewritten == frames.translations)
      #expect(frames.comments["dropped", default: 0] == drops)
      #expect(frames.protocols["tcp in VXLAN", default: 0] > 0)
      if let cause { #expect(frames.comments[cause, default: 0] > drops) }

      // the packets are those that tcpdump saw, header by header, at the same time
      let ours = try packets(pcapng, "frame.interface_name == \"kft-node1/vethclient\"")
      let others = try packets(material.capture, "tcp")
      #expect(!ours.isEmpty && ours.mapValues(\.count) == others.mapValues(\.count))
      for (packet, times) in ours {
        for (a, b) in zip(times.sorted(), others[packet, default: []].sorted()) {
          #expect(abs(a - b) < 0.02, "\(packet)")
        }
      }

      for tracks in [
        try found("perfetto", Tracks.self, material.export("perfetto")),
        try found("otlp", Tracks.self, material.export("otlp")),
      ] {
        #expect(tracks.connections == flows.count && tracks.packets == kept)
        #expect(
          tracks.hops == flows.reduce(0) { $0 + $1.timeline.reduce(0) { $0 + $1.hops.count } })
        #expect(tracks.causes == causes)
        #expect(tracks.drops == flows.reduce(0) { $0 + $1.drops.count })
      }
      let lines = try found("hubble", Lines.self, material.export("hubble"))
      #expect(lines.lines == kept && lines.services == ["default/web"])
      #expect(lines.reasons.values.reduce(0, +) == drops)
    }

    @Test("a healthy Service") func healthy() throws {
      let material = try Material("healthy-other-node", ["--svc", "default/web"] + Self.pods)
      defer { material.remove() }
      try check(material, drops: 0, cause: nil)
    }

    @Test("a NetworkPolicy that drops") func failing() throws {
      let material = try Material("policy-drop", ["--svc", "default/web"] + Self.pods)
      defer { material.remove() }
      let drops = material.trace.flows.flatMap(\.drops).reduce(0) { $0 + $1.packets }
      #expect(drops > 0)
      try check(material, drops: drops, cause: "policy-drop")
      let lines = try found("hubble", Lines.self, material.export("hubble"))
      #expect(lines.reasons == ["POLICY_DENIED": drops])

      // only what failed
      let failed = material.trace.flows.filter { $0.diagnosis != nil }
      let otlp = try found("otlp", Tracks.self, material.export("otlp", "--drops-only"))
      #expect(otlp.connections == failed.count && failed.count < material.trace.flows.count)
      let pcapng = try material.export("pcapng", "--drops-only")
      let all = try Lab.run(
        "tshark", "-n", "-r", pcapng, "-T", "fields", "-e", "frame.comment"
      ).output.split(separator: "\n")
      #expect(!all.isEmpty && all.allSatisfy { $0.contains("; cause policy-drop: ") })
    }
  }
}
