import FlowFixtures
import FlowModel
import Testing

@Suite struct DNSMessageTests {
  private typealias D = DNSBytes

  /// As tcpdump -X showed a question and its answer of dnsmasq's.
  private static let asked: [UInt8] = [
    0x12, 0x34, 0x01, 0x20, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
    0x03, 0x77, 0x65, 0x62, 0x07, 0x64, 0x65, 0x66, 0x61, 0x75, 0x6c, 0x74, 0x00,
    0x00, 0x1c, 0x00, 0x01, 0x00, 0x00, 0x29, 0x04, 0xd0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  ]

  @Test("a question: id, name, type") func question() throws {
    let message = try #require(DNSMessage(Self.asked))
    #expect(message.id == 0x1234 && !message.isResponse && message.operation == 0)
    #expect(message.question == .init(name: "web.default", type: .aaaa))
    #expect(message.answerCount == 0 && message.addresses.isEmpty && message.ttl == nil)
  }

  @Test("an answer: code, count, addresses, the smallest TTL") func answer() throws {
    var bytes = D.response(
      "web.default.svc.cluster.local", id: 9, data: [[10, 96, 0, 50], [10, 96, 0, 51]], ttl: 30)
    bytes[bytes.count - 7] = 5  // the second record's TTL
    let message = try #require(DNSMessage(bytes))
    #expect(message.id == 9 && message.isResponse && message.code == .noError)
    #expect(message.question == .init(name: "web.default.svc.cluster.local", type: .a))
    #expect(message.answerCount == 2 && message.ttl == 5 && !message.isTruncated)
    #expect(message.addresses.map(\.description) == ["10.96.0.50", "10.96.0.51"])
    let six = D.response("a.b", type: 28, data: [[0xfd] + [UInt8](repeating: 0, count: 14) + [1]])
    #expect(DNSMessage(six)?.addresses.map(\.description) == ["fd00::1"])
  }

  @Test("a chain of CNAMEs leads to the address behind it") func alias() throws {
    let cname = D.name("www.example.com")
    let bytes =
      D.header(id: 1, flags: 0x8180, answers: 2) + D.question("a.example.com", type: 1)
      + [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60] + D.be16(UInt16(cname.count)) + cname
      + [0xc0, 43, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]
    let message = try #require(DNSMessage(bytes))
    #expect(message.addresses.map(\.description) == ["192.0.2.1"])
    #expect(message.ttl == 9 && message.answerCount == 2)
  }

  @Test("codes and types by name, unknown ones by number") func words() throws {
    #expect(DNSMessage(D.response("x", code: 3))?.code.description == "NXDOMAIN")
    #expect(DNSMessage(D.response("x", code: 2))?.code.description == "SERVFAIL")
    #expect(DNSMessage(D.response("x", code: 5))?.code.description == "REFUSED")
    #expect(DNSMessage(D.response("x", code: 14))?.code.description == "RCODE14")
    #expect(DNSCode.nameError.isAnswer && DNSCode.noError.isAnswer)
    #expect(!DNSCode.serverFailure.isAnswer)
    let types: [(UInt16, String)] = [
      (1, "A"), (5, "CNAME"), (12, "PTR"), (16, "TXT"), (28, "AAAA"), (33, "SRV"), (65, "HTTPS"),
      (255, "ANY"), (4711, "TYPE4711"),
    ]
    for (number, text) in types {
      #expect(DNSMessage(D.query("x", type: number))?.question?.type?.description == text)
    }
  }

  @Test("names can hold any byte and show none that a terminal obeys") func escapes() throws {
    let label: [UInt8] = [0x1b, 0x5b, 0x32, 0x4a, 0x2e, 0x5c, 0x20, 0x7f, 0x80, 0xff, 0, 0x0a]
    let bytes =
      D.header(id: 1, flags: 0) + [UInt8(label.count)] + label + [1, 0x61, 0, 0, 1, 0, 1]
    let name = try #require(DNSMessage(bytes)?.question?.name)
    #expect(name == #"\027[2J\.\\\032\127\128\255\000\010.a"#)
    #expect(DNSMessage(D.query(""))?.question?.name == ".")
  }

  @Test("a name of 255 bytes is one, of 256 none; labels end at 63") func limits() {
    func query(_ labels: [Int]) -> [UInt8] {
      D.header(id: 1, flags: 0)
        + labels.flatMap { [UInt8($0)] + [UInt8](repeating: 0x61, count: $0) } + [0, 0, 1, 0, 1]
    }
    #expect(DNSMessage(query([63, 63, 63, 61]))?.question?.name.count == 253)
    #expect(DNSMessage(query([63, 63, 63, 62])) == nil)
    #expect(DNSMessage(query([64])) == nil)
    #expect(DNSMessage(query([128])) == nil)
  }

  @Test("pointers go back only: no loop, no way forward") func pointers() throws {
    func query(_ name: [UInt8]) -> [UInt8] { D.header(id: 1, flags: 0) + name + [0, 1, 0, 1] }
    #expect(DNSMessage(query([0xc0, 12])) == nil, "to itself")
    #expect(DNSMessage(query([0xc0, 14, 1, 0x61, 0])) == nil, "forward")
    #expect(DNSMessage(query([1, 0x61, 0xc0, 12])) == nil, "round and round")
    #expect(DNSMessage(query([1, 0x61, 0xc0, 14])) == nil, "to itself behind a label")
    #expect(DNSMessage(query([0xff, 0xff])) == nil, "out of the message")
    // into the header: zero bytes are a root
    #expect(DNSMessage(query([1, 0x61, 0xc0, 8]))?.question?.name == "a")
    // a label that ends in a pointer to the first
    let answer = D.response("b.c") + [0]
    var bytes = answer
    bytes[7] = 1
    bytes.removeLast()
    bytes += [1, 0x61, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 4, 0, 4, 1, 2, 3, 4]
    #expect(DNSMessage(bytes)?.addresses.map(\.description) == ["1.2.3.4"])
  }

  @Test("cut anywhere it is read up to there") func cut() throws {
    let whole = D.response("web.default.svc", data: [[10, 0, 0, 1], [10, 0, 0, 2]])
    for count in 0..<12 { #expect(DNSMessage(Array(whole[..<count])) == nil) }
    for count in 12..<whole.count {
      let message = try #require(DNSMessage(Array(whole[..<count])), "\(count)")
      #expect(message.answerCount == 2)
      let question = try #require(message.question)
      if count < 29 {
        #expect(question.type == nil)
        #expect(question.name.hasSuffix("…"))
      } else {
        #expect(question.name == "web.default.svc")
        #expect(question.type == (count < 31 ? nil : .a))
      }
      #expect(message.addresses.count == (count < 49 ? 0 : 1))
    }
  }

  @Test("what is no question is no message") func other() {
    #expect(DNSMessage(D.header(id: 1, flags: 0, questions: 0)) == nil)
    #expect(DNSMessage(D.header(id: 1, flags: 0, questions: 2) + D.question("a", type: 1)) == nil)
    #expect(DNSMessage([UInt8](repeating: 0x41, count: 200)) == nil)
    // an error without the question
    #expect(DNSMessage(D.header(id: 4, flags: 0x8001, questions: 0))?.code.description == "FORMERR")
  }

  @Test("a count of answers that are not there does no harm") func counts() throws {
    var bytes = D.response("a.b", data: [[1, 2, 3, 4]])
    (bytes[6], bytes[7]) = (255, 255)
    let message = try #require(DNSMessage(bytes))
    #expect(message.answerCount == 65535 && message.addresses.count == 1)
  }

  @Test("no bytes crash it, and no name it gives can harm a terminal") func junk() {
    var numbers = Numbers(53)
    let whole = D.response("web.default.svc.cluster.local", data: [[10, 0, 0, 1], [10, 0, 0, 2]])
    for round in 0..<20_000 {
      var bytes: [UInt8]
      if round % 2 == 0 {
        // a good message with some bytes changed, its end cut
        bytes = whole
        for _ in 0..<Int.random(in: 1...6, using: &numbers) {
          bytes[Int.random(in: 0..<bytes.count, using: &numbers)] = .random(
            in: 0...255, using: &numbers)
        }
        bytes = Array(bytes.prefix(.random(in: 0...bytes.count, using: &numbers)))
      } else {
        let count = Int.random(in: 0...254, using: &numbers)
        bytes = (0..<count).map { _ in .random(in: 0...255, using: &numbers) }
        if count > 12 { bytes.replaceSubrange(4..<6, with: [0, 1]) }
      }
      guard let message = DNSMessage(bytes) else { continue }
      let name = message.question?.name ?? ""
      #expect(name.unicodeScalars.allSatisfy { (0x21...0x7e).contains($0.value) || $0 == "…" })
      #expect(name.utf8.count <= 4 * 255 + 3)
    }
  }
}

/// A repeatable source of numbers: a failure can be run again.
struct Numbers: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
