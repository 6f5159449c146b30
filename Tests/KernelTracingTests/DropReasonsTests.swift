import Foundation
import KernelTracing
import Testing

private let hasTool = FileManager.default.isExecutableFile(atPath: "/usr/sbin/bpftool")

@Suite struct DropReasonsTests {
  private let reasons = DropReasons.ofRunningKernel()

  /// `'SKB_DROP_REASON_NETFILTER_DROP' val=9`, as bpftool tells it.
  private static func byTool() throws -> [(name: String, value: UInt32)] {
    let dump = try run("bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux")
    let lines = dump.split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.contains("ENUM 'skb_drop_reason'") })
    return try lines[(start + 1)...].prefix { $0.hasPrefix("\t") }.map { line in
      let name = try #require(line.split(separator: "'").dropFirst().first)
      let value = try #require(line.split(separator: "=").last.flatMap { Int64($0) })
      return (String(name), UInt32(truncatingIfNeeded: value))
    }
  }

  @Test("the names are those bpftool reads from the kernel", .enabled(if: hasTool, "needs bpftool"))
  func otherWord() throws {
    let known = try Self.byTool()
    #expect(known.count > 50)
    for (name, value) in known {
      let prefix = "SKB_DROP_REASON_"
      let short = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
      #expect(reasons.name(of: value) == short)
    }
  }

  @Test("each reason of this kernel has a name of its own") func unique() {
    let names = (UInt32(0)..<400).map { reasons.name(of: $0) }
    #expect(Set(names).count == names.count)
    #expect(names.contains("NETFILTER_DROP"))
    #expect(names.contains("NO_SOCKET"))
    #expect(!names.contains { $0.hasPrefix("SKB_DROP_REASON_") })
  }

  @Test("what the kernel has no name for is told as a number") func unknown() {
    #expect(reasons.name(of: 65000) == "REASON_65000")
    #expect(reasons.name(of: 3 << 16 | 7) == "SUBSYSTEM_3_7")
  }
}
