import Foundation
import Testing

extension LabTests {
  /// `kflowtrace doctor` on this kernel.
  @Suite(.serialized) struct Doctor {
    private struct Report: Decodable {
      struct Finding: Decodable {
        var name: String
        var state: String
        var detail: String
      }
      var release: String
      var findings: [Finding]
      var exitCode: Int32

      func state(_ name: String) -> String? { findings.first { $0.name == name }?.state }
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
      #expect((report.state("kprobe backend") != nil) == hasKprobes)
      #expect((report.state("netfilter backend") == nil) == is61)
      #expect(report.state("devices") == (is61 ? "note" : "ok"))
      #expect(report.state("rules") == "ok")
      #expect(report.findings.allSatisfy { $0.state == "ok" || $0.state == "note" })
      #expect(status == 0 && report.exitCode == 0)
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
