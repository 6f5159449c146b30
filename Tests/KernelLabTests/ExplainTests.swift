import Foundation
import Testing

extension LabTests {
  /// `kflowtrace explain` against the running kernel's own enum, by bpftool's word.
  @Suite(.serialized) struct Explain {
    private struct Answer: Decodable {
      var kind: String
      var name: String
      var value: Int?
      var isKnownHere: Bool?
      var subsystem: String?
      var what: String?
      var check: [String]?
      var fix: String?
      var causes: [String]?
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

    /// Reasons of the core there are no words for; on 6.1, 6.12 and 6.18 none.
    private static let wordless: Set<String> = []

    @Test("every reason of this kernel has its number and our words") func all() throws {
      let theirs = try Self.dumped.get()
      #expect(theirs.count > 50)
      let ours = try explain().filter { ($0.value ?? 0) < 0x1_0000 }
      for answer in ours { #expect(answer.value == theirs[answer.name], "\(answer.name)") }
      let missing = Set(theirs.keys).subtracting(ours.map(\.name))
      #expect(
        missing.allSatisfy {
          $0.hasPrefix("SUBSYS_") || ["MAX", "SKB_NOT_DROPPED_YET"].contains($0)
        },
        "\(missing)")
      let without = Set(ours.filter { $0.what == nil }.map(\.name))
      print("\(ours.count) drop reasons of this kernel, without words: \(without.sorted())")
      #expect(without == Self.wordless)
    }

    @Test("reasons of a module are there as long as it is") func modules() throws {
      // a kernel without modules to load has none, 6.1 has no reasons in it
      let isLoaded = try Lab.run("modprobe", "-q", "openvswitch").status == 0
      let type = try Lab.run("bpftool", "btf", "dump", "file", "/sys/kernel/btf/openvswitch").output
      let ours = try explain().filter { $0.name.hasPrefix("OVS_DROP_") }
      #expect(ours.isEmpty == !(isLoaded && type.contains("ENUM 'ovs_drop_reason'")))
      #expect(ours.filter { $0.what == nil }.map(\.name) == [])
      for answer in ours {
        #expect(answer.subsystem == "openvswitch")
        #expect(type.contains("'\(answer.name)' val=\(answer.value ?? 0)"), "\(answer.name)")
      }
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
      #expect(answers.allSatisfy { $0.isKnownHere == true })
      #expect(answers.last?.what == nil, "says plainly that it has none")
      let first = try #require(answers.first)
      #expect(first.causes?.contains("policy-drop") == true)
      #expect(first.check?.isEmpty == false && first.fix?.isEmpty == false)
    }

    @Test("every function there are words for is a function of kallsyms, or said not to be")
    func functions() throws {
      let text = try Lab.run("cat", "/proc/kallsyms").output
      var symbols: Set<Substring> = []
      for line in text.split(separator: "\n") {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        if words.count > 2, "tTwW".contains(words[1]) {
          symbols.insert(words[2].prefix { $0 != "." })
        }
      }
      for name in ["nf_hook_slow", "ip_rcv_finish_core", "vxlan_rcv", "wg_xmit", "ip_vs_leave"] {
        let answer = try #require(explain(name).first)
        #expect(answer.isKnownHere == symbols.contains(Substring(name)), "\(name)")
        #expect(answer.what != nil)
      }
    }

    @Test("without BTF it says so, and knows the words all the same") func withoutBTF() throws {
      let hidden = [
        "unshare", "-m", "sh", "-c", "mount -t tmpfs none /sys/kernel/btf && exec \"$@\"", "sh",
        Lab.tracerPath, "explain",
      ]
      let list = try Lab.run(hidden)
      #expect(list.status == 69 && list.output.isEmpty && list.errors.contains("/sys/kernel/btf"))
      #expect(list.errors.split(separator: "\n").count == 1)
      let one = try Lab.run(hidden + ["NO_SOCKET"])
      #expect(one.status == 0 && one.output.contains("does not tell its reasons"), "\(one.output)")
    }

    @Test("unknown words get the closest ones") func unknown() throws {
      for (word, close) in [
        ("NETFILTR_DROP", "NETFILTER_DROP"), ("99999", "number"), ("", "no drop reason"),
      ] {
        let result = try Lab.run(Lab.tracerPath, "explain", word)
        #expect(result.status == 64 && result.errors.contains(close), "\(result.errors)")
        #expect(result.output.isEmpty && result.errors.split(separator: "\n").count == 1)
      }
    }
  }
}
