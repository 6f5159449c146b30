import Diagnosis
import Testing

@Suite struct ReasonWordsTests {
  @Test("each is one line of plain words") func words() {
    for words in ReasonWords.all {
      #expect(words.what.hasSuffix(".") && words.what.count > 10, "\(words.name)")
      #expect(!words.usually.isEmpty && !words.usually.hasSuffix("."), "\(words.name)")
      #expect(!(words.what + words.usually).contains("\n"), "\(words.name)")
      #expect(words.name == words.name.uppercased())
    }
    #expect(Set(FunctionWords.all.map(\.name)).count == FunctionWords.all.count)
  }

  @Test("causes they speak of exist") func causes() {
    let known = Set(Diagnoser.causes.map(\.name))
    for words in ReasonWords.all {
      for part in words.usually.split(separator: "(").dropFirst() {
        guard let inside = part.split(separator: ")").first else { continue }
        for name in inside.split(separator: ", ") where name.contains("-") && !name.contains(" ") {
          #expect(known.contains(String(name)), "\(words.name): \(name)")
        }
      }
    }
  }

  @Test("found by name in any case, with or without prefix") func lookup() {
    #expect(ReasonWords(named: "no_socket")?.name == "NO_SOCKET")
    #expect(ReasonWords(named: "SKB_DROP_REASON_NO_SOCKET")?.name == "NO_SOCKET")
    #expect(ReasonWords(named: "NO_SOCK") == nil)
    #expect(FunctionWords(named: "nf_hook_slow.isra.0+0x1f")?.name == "nf_hook_slow")
    #expect(FunctionWords(named: "nf_hook") == nil)
  }

  @Test("only what is no fault in any flow is harmless") func harmless() {
    let harmless = Set(ReasonWords.all.filter(\.isHarmless).map(\.name))
    #expect(
      harmless == [
        "SKB_CONSUMED", "CONSUMED", "QUEUE_PURGE", "SKB_QUEUE_PURGE", "TCP_OLD_DATA", "TCP_OLD_ACK",
        "TCP_OLD_SEQUENCE", "OTHERHOST", "PACKET_SOCK_ERROR",
      ])
  }
}
