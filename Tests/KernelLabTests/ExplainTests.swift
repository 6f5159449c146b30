import Foundation
import Testing

extension LabTests {
  /// `kflowtrace explain` against the running kernel's own enum, by bpftool's word.
  @Suite(.serialized) struct Explain {
    private struct Answer: Decodable {
      var kind: String
      var name: String
      var value: Int?
      var isKnownHere: Bool
      var what: String?
    }

    private func explain(_ names: String...) throws -> [Answer] {
      let result = try Lab.run([Lab.tracerPath, "explain", "--json"] + names)
      #expect(result.status == 0, "\(result.errors)")
      return try result.output.split(separator: "\n").map {
        try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
      }
    }

    /// Reading all of the kernel's types is slow in the emulated machine: once for all tests.
    private static let dumped = Result { try enumerators() }

    /// `SKB_DROP_REASON_NAME` and value, from the kernel's type information.
    private static func enumerators() throws -> [String: Int] {
      let dump = try Lab.run("bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux").output
      var inside = false
      var result: [String: Int] = [:]
      for line in dump.split(separator: "\n") {
        if line.hasPrefix("[") { inside = line.contains(" 'skb_drop_reason' ") }
        let words = line.split(whereSeparator: { " \t='".contains($0) })
        guard inside, !line.hasPrefix("["), words.count == 3, let value = Int(words[2]) else {
          continue
        }
        result[String(words[0]).replacing("SKB_DROP_REASON_", with: "")] = value
      }
      return result
    }

    @Test("every reason of this kernel has its number and our words") func all() throws {
      let theirs = try Self.dumped.get()
      #expect(theirs.count > 50)
      let ours = try explain()
      for answer in ours { #expect(answer.value == theirs[answer.name], "\(answer.name)") }
      let missing = Set(theirs.keys).subtracting(ours.map(\.name))
      #expect(
        missing.allSatisfy {
          $0.hasPrefix("SUBSYS_") || ["MAX", "SKB_NOT_DROPPED_YET"].contains($0)
        },
        "\(missing)")
      #expect(ours.filter { $0.what == nil }.map(\.name) == [])
    }

    @Test("names, numbers, functions") func names() throws {
      let value = try #require(Self.dumped.get()["NETFILTER_DROP"])
      let answers = try explain(
        "netfilter_drop", "SKB_DROP_REASON_NETFILTER_DROP", "\(value)", "ip_forward+0x2c0", "ip_rcv"
      )
      #expect(
        answers.map(\.name) == [
          "NETFILTER_DROP", "NETFILTER_DROP", "NETFILTER_DROP", "ip_forward", "ip_rcv",
        ])
      #expect(answers.map(\.kind) == ["reason", "reason", "reason", "function", "function"])
      #expect(answers.allSatisfy { $0.isKnownHere })
      #expect(answers.last?.what == nil, "says plainly that it has none")
    }

    @Test("unknown words get the closest ones") func unknown() throws {
      for (word, close) in [
        ("NETFILTR_DROP", "NETFILTER_DROP"), ("99999", "number"), ("", "no drop reason"),
      ] {
        let result = try Lab.run(Lab.tracerPath, "explain", word)
        #expect(result.status == 64 && result.errors.contains(close), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
      }
    }
  }
}
