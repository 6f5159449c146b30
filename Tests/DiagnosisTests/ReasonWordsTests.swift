import Diagnosis
import Testing

@Suite struct ReasonWordsTests {
  private static func isOneLine(_ text: String) -> Bool {
    !text.isEmpty && text.count <= 92 && !text.contains { $0.isNewline }
      && text == text.trimming()
  }

  @Test("no name twice, in capitals, without the prefix") func names() {
    let names = ReasonWords.all.map(\.name)
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(name == ReasonWords.plain(name) && !ReasonWords.isPlaceholder(name), "\(name)")
    }
  }

  @Test("every text is there and is one line", arguments: ReasonWords.all.map(\.name))
  func texts(_ name: String) throws {
    let words = try #require(ReasonWords(named: name))
    #expect(Self.isOneLine(words.what) && words.what.hasSuffix("."))
    #expect(Self.isOneLine(words.usually) && !words.usually.hasSuffix("."))
    #expect(Self.isOneLine(words.fix) && !words.fix.hasSuffix("."))
    #expect(words.check.allSatisfy(Self.isOneLine))
    #expect(words.isHarmless || !words.check.isEmpty, "how would one look into it?")
    #expect(words.weight != .fault || words.fix != "nothing to do")
    #expect(!words.isHarmless || words.causes.isEmpty)
  }

  @Test("causes they lead to exist, and every cause of a drop is led to") func causes() {
    let known = Set(Diagnoser.causes.map(\.name))
    let led = Set(ReasonWords.all.flatMap(\.causes))
    #expect(led.isSubset(of: known), "\(led.subtracting(known))")
    // those need no drop to be seen, or take any
    #expect(
      known.subtracting(led) == [
        "service-not-programmed", "lost-beyond-node", "drop", "dns-search-expansion",
      ],
      "\(known.subtracting(led))")
  }

  @Test("found by name in any case, with or without prefix") func lookup() {
    #expect(ReasonWords(named: "no_socket")?.name == "NO_SOCKET")
    #expect(ReasonWords(named: "SKB_DROP_REASON_NO_SOCKET")?.name == "NO_SOCKET")
    #expect(ReasonWords(named: "skb_drop_reason_no_socket")?.name == "NO_SOCKET")
    #expect(ReasonWords(named: "NO_SOCK") == nil)
    #expect(ReasonWords(named: "") == nil)
  }

  @Test("only what is no fault in any flow is harmless") func harmless() {
    let harmless = Set(ReasonWords.all.filter(\.isHarmless).map(\.name))
    #expect(
      harmless == [
        "SKB_CONSUMED", "CONSUMED", "QUEUE_PURGE", "SKB_QUEUE_PURGE", "TCP_OLD_DATA", "TCP_OLD_ACK",
        "TCP_OLD_SEQUENCE", "OTHERHOST", "PACKET_SOCK_ERROR",
      ])
  }

  @Test("what stands for no reason") func placeholders() {
    for name in ["MAX", "SUBSYS_MASK", "SKB_NOT_DROPPED_YET", "__OVS_DROP_REASON", "OVS_DROP_MAX"] {
      #expect(ReasonWords.isPlaceholder(name), "\(name)")
    }
    #expect(!ReasonWords.isPlaceholder("NOT_SPECIFIED"))
  }

  @Test("functions: no name twice, every text one line, reasons there are words for")
  func functions() {
    let names = FunctionWords.all.map(\.name)
    #expect(Set(names).count == names.count)
    for words in FunctionWords.all {
      #expect(words.name == FunctionWords.plain(words.name))
      #expect(Self.isOneLine(words.what) && words.what.hasSuffix("."), "\(words.name)")
      #expect(Self.isOneLine(words.usually) && !words.usually.hasSuffix("."), "\(words.name)")
      for reason in words.reasons {
        #expect(ReasonWords(named: reason) != nil, "\(words.name): \(reason)")
      }
    }
  }

  @Test(
    "a function as a location or a compiler writes it",
    arguments: [
      "nf_hook_slow", "nf_hook_slow+0x1f", "nf_hook_slow.isra.0+0x1f", "nf_hook_slow.cold",
      "nf_hook_slow+0xc2/0xd0 [vmlinux]",
    ])
  func functionNames(_ text: String) {
    #expect(FunctionWords(named: text)?.name == "nf_hook_slow")
    #expect(FunctionWords(named: "nf_hook") == nil)
  }

  @Test("a function's causes are those of its reasons, each once") func functionCauses() {
    #expect(
      FunctionWords(named: "ip_forward")?.causes == [
        "mtu-exceeded", "mtu-blackhole", "routing-loop",
      ])
    let one = FunctionWords(named: "neigh_invalidate")
    #expect(one?.causes.first == "neighbour-failed")
    #expect(one?.fix == ReasonWords(named: "NEIGH_FAILED")?.fix, "it can be that one only")
    let several = FunctionWords(named: "ip_forward")
    #expect(several?.fix == nil && several?.check.contains("ip xfrm policy") == true)
    #expect(Set(several?.check ?? []).count == several?.check.count)
    #expect(FunctionWords(named: "ping_rcv")?.check == [])
  }
}

extension String {
  fileprivate func trimming() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
