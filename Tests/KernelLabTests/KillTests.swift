import Foundation
import Glibc
import Testing

extension LabTests {
  /// kill -9 at any moment, that of its start most of all.
  @Suite(.serialized) struct Kills {
    private static let rounds = Lab.isEmulated ? 6 : 50
    /// Long enough for its start, s.
    private static let latest = Lab.isEmulated ? 4 : 0.4

    @Test("at random moments: nothing of it is left, and nobody else notices") func moments() throws
    {
      try Lab.lab("up")
      let file = NSTemporaryDirectory() + "kft-\(UUID().uuidString).json.gz"
      defer { try? FileManager.default.removeItem(atPath: file) }
      let ways = [[], ["--trace-rules"], ["--record", file, "--force"]]
      let place = ["--svc", "10.96.0.61", "--json"] + Lab.netns("node1", "node2", "client")
      let backend = Lab.backend == "auto" ? [] : ["--backend", Lab.backend]
      let client = try LabTests.SteadyClient()
      let others = try Leftovers(mark: "none").links
      for round in 0..<Self.rounds {
        let mark = UUID().uuidString
        let moment = Double.random(in: 0...Self.latest)
        let tracer = try Lab.Running(
          [Lab.tracerPath] + place + backend + ways[round % ways.count],
          environment: ["KFT_MARK": mark])
        Thread.sleep(forTimeInterval: moment)
        tracer.send(SIGKILL)
        let end = try tracer.wait()
        #expect(end.status == 128 + SIGKILL, "\(end.errors)")
        let left = try Leftovers.after(mark, besides: others)
        #expect(
          left.isNothing, "killed after \(moment) s with \(ways[round % ways.count]): \(left)")
      }
      // on kernels without tcx links the next start takes filters away
      let next = try Lab.startTracer(place.filter { $0 != "--json" })
      next.send(SIGINT)
      Lab.expectNoFailure(try Trace(next.wait()))
      #expect(try Lab.leftPrograms().isEmpty)
      #expect(try Lab.clsactDevices().isEmpty)
      #expect(!FileManager.default.fileExists(atPath: "/run/kflowtrace"))
      try client.expectUnharmed()
    }
  }

  /// What of a tracer is in the kernel and among the processes, by others' word.
  private struct Leftovers {
    var programs: [String]
    var maps: [String]
    var links: Set<String>
    var tables: [String]
    var qdiscs: [String]
    var processes: [String]

    var isNothing: Bool {
      programs.isEmpty && maps.isEmpty && links.isEmpty && tables.isEmpty && qdiscs.isEmpty
        && processes.isEmpty
    }

    /// `mark`: in the environment of the tracer, and so of the processes it starts.
    init(mark: String) throws {
      func named(_ kind: String) throws -> [String] {
        try Lab.run("bpftool", kind, "show").output.split(separator: "\n")
          .filter { $0.contains(" name kft_") }.map(String.init)
      }
      // a kernel without tcx keeps filters, and with them the programs, until the next start
      programs = try named("prog").filter { !Lab.isBefore66 || !$0.contains("sched_cls") }
      maps = Lab.isBefore66 ? [] : try named("map")
      links = Set(
        try Lab.run("bpftool", "link", "show").output.split(separator: "\n")
          .filter { $0.first?.isNumber == true }.map(String.init))
      tables = try ["node1", "node2", "client"].flatMap { namespace in
        try Lab.inside(namespace, "nft", "list", "tables").output.split(separator: "\n")
          .filter { $0.contains("kflowtrace") }.map(String.init)
      }
      qdiscs = Lab.isBefore66 ? [] : try Lab.clsactDevices()
      processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid in
        guard Int(pid) != nil else { return false }
        let words = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
        return words.range(of: Data(mark.utf8)) != nil
      }
    }

    /// Once what goes by itself is gone: the kernel frees programs a while after the last one who holds
    /// them, and a command that was run for its rules comes to its end.
    static func after(_ mark: String, besides others: Set<String>) throws -> Leftovers {
      let deadline = Date().addingTimeInterval(Lab.isEmulated ? 20 : 5)
      while true {
        var left = try Leftovers(mark: mark)
        left.links.subtract(others)
        if left.isNothing || Date() > deadline { return left }
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
  }
}
