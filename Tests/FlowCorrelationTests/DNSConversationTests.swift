import FlowCorrelation
import FlowFixtures
import FlowModel
import Testing

@Suite struct DNSConversationTests {
  private let name = "web.default.svc.cluster.local"

  @Test("a question and its answer: id, name, type, code, how long it took") func one() throws {
    var lookups = SampleLookups()
    lookups.lookup(name, at: 0)
    let flow = try #require(lookups.flows().first)
    #expect(flow.dns.count == 1 && flow.dnsOmitted == 0 && flow.dnsSearch == nil)
    let exchange = flow.dns[0]
    #expect(exchange.id == 7 && exchange.name == name && exchange.type == .a)
    #expect(exchange.asked == [1_000_000_000] && exchange.retries == 0)
    #expect(exchange.answer?.code == .noError && exchange.answer?.count == 1)
    #expect(exchange.answer?.addresses.map(\.description) == ["10.96.0.50"])
    // to the last place it was seen at on its way to the client
    #expect(exchange.latency == 550_000)
    #expect(exchange.isAnswered && !exchange.isUnanswered)
  }

  @Test("without payload there is no DNS in a flow of port 53") func none() throws {
    var lookups = SampleLookups()
    lookups.lookup(name, at: 0)
    var correlator = FlowCorrelator()
    lookups.tell(&correlator) { _, _ in nil }
    let flow = try #require(correlator.drain().first)
    #expect(flow.dns.isEmpty && flow.state == .completed)
  }

  @Test("the same message read at two places is one question") func twice() throws {
    var lookups = SampleLookups()
    lookups.lookup(name, at: 0)
    var correlator = FlowCorrelator()
    lookups.tell(&correlator) { i, _ in lookups.payloads[i < 3 ? 0 : 3] }
    let flow = try #require(correlator.drain().first)
    #expect(flow.dns.count == 1 && flow.dns[0].retries == 0)
    #expect(flow.dns[0].latency == 550_000)
  }

  @Test("A and AAAA at once are two, answered in any order") func atOnce() throws {
    var lookups = SampleLookups()
    lookups.packet(DNSBytes.query(name, type: 1, id: 1), at: 0)
    lookups.packet(DNSBytes.query(name, type: 28, id: 2), at: 10)
    lookups.packet(DNSBytes.response(name, type: 28, id: 2, code: 3), at: 400)
    lookups.packet(DNSBytes.response(name, type: 1, id: 1, data: [[1, 2, 3, 4]]), at: 600)
    let flow = try #require(lookups.flows().first)
    #expect(flow.dns.map(\.type) == [.a, .aaaa])
    #expect(flow.dns.map { $0.answer?.code } == [.noError, .nameError])
    #expect(flow.dns.map(\.latency) == [650_000, 440_000])
    #expect(flow.dnsRace == nil)
  }

  @Test("asked again with the same id it is one question, asked twice") func again() throws {
    var lookups = SampleLookups()
    lookups.packet(DNSBytes.query(name, type: 1, id: 1), at: 0)
    lookups.packet(DNSBytes.query(name, type: 28, id: 2), at: 10)
    lookups.packet(DNSBytes.response(name, type: 1, id: 1, data: [[1, 2, 3, 4]]), at: 600)
    lookups.packet(DNSBytes.query(name, type: 28, id: 2), at: 5_000_600)
    lookups.packet(DNSBytes.response(name, type: 28, id: 2), at: 5_001_000)
    let flows = lookups.flows()
    #expect(flows.count == 1)
    let late = try #require(flows.first?.dns.last)
    #expect(late.retries == 1 && late.gaps == [5_000_590_000])
    #expect(late.latency == 5_001_040_000)
    let race = try #require(flows.first?.dnsRace)
    #expect(race.answered.type == .a && race.lost.type == .aaaa)
  }

  @Test("an answered question that is asked again is another one") func repeated() throws {
    var lookups = SampleLookups()
    lookups.lookup(name, at: 0)
    lookups.lookup(name, at: 5_000)
    let flow = try #require(lookups.flows().first)
    #expect(flow.dns.count == 2)
    #expect(flow.dns.allSatisfy { $0.isAnswered && $0.retries == 0 && $0.latency == 550_000 })
  }

  @Test("a flow with a question without an answer is waited for longer than a resolver waits")
  func patience() throws {
    var lookups = SampleLookups()
    lookups.packet(DNSBytes.query(name, type: 1, id: 1), at: 0)
    lookups.packet(DNSBytes.query(name, type: 28, id: 2), at: 10)
    lookups.packet(DNSBytes.response(name, type: 1, id: 1), at: 600)
    var correlator = FlowCorrelator()
    lookups.tell(&correlator)
    #expect(correlator.finished(now: 6_500_000_000).isEmpty)
    let flow = try #require(correlator.finished(now: 7_100_000_000).first)
    #expect(flow.dns.map(\.isUnanswered) == [false, true])
    #expect(flow.dnsRace?.lost.type == .aaaa)
    #expect(flow.state == .completed)
    // nobody waits for one that has all its answers
    var quick = SampleLookups()
    quick.lookup(name, at: 0)
    quick.tell(&correlator)
    #expect(correlator.finished(now: 2_600_000_000).count == 1)
  }

  @Test("an answer that was dropped has not come") func dropped() throws {
    var lookups = SampleLookups()
    lookups.packet(DNSBytes.query(name), at: 0)
    lookups.packet(DNSBytes.response(name), at: 500, dropped: true)
    let exchange = try #require(lookups.flows().first?.dns.first)
    #expect(exchange.answer?.isDropped == true)
    #expect(!exchange.isAnswered && exchange.isUnanswered && exchange.latency == nil)
  }

  @Test("an answer whose bytes could not be read is not called missing") func unread() throws {
    var lookups = SampleLookups()
    lookups.lookup(name, at: 0)
    var correlator = FlowCorrelator()
    lookups.tell(&correlator) { i, payload in i < 3 ? payload : nil }
    let exchange = try #require(correlator.drain().first?.dns.first)
    #expect(exchange.answer == nil && exchange.mayBeAnswered && !exchange.isUnanswered)
  }

  @Test("an answer without its question is told without a latency") func late() throws {
    var lookups = SampleLookups()
    lookups.packet(DNSBytes.response(name), at: 0)
    let exchange = try #require(lookups.flows().first?.dns.first)
    #expect(exchange.asked.isEmpty && exchange.isAnswered && exchange.latency == nil)
    #expect(!exchange.isUnanswered && exchange.name == name)
  }

  @Test("an error without the question goes to the question of its id") func formatError() throws {
    var lookups = SampleLookups()
    lookups.packet(DNSBytes.query(name, id: 3), at: 0)
    lookups.packet(DNSBytes.header(id: 3, flags: 0x8001, questions: 0), at: 300)
    let flow = try #require(lookups.flows().first)
    #expect(flow.dns.count == 1)
    #expect(flow.dns.first?.answer?.code.description == "FORMERR")
  }

  @Test("of thousands from one port the latest are kept, and the rest counted") func many() throws {
    var lookups = SampleLookups()
    for i in 0..<2000 {
      lookups.lookup("n\(i).example.com", id: UInt16(i), at: UInt64(i) * 1000)
    }
    let flow = try #require(lookups.flows().first)
    #expect(flow.dns.count + flow.dnsOmitted == 2000)
    #expect((256...512).contains(flow.dns.count))
    #expect(flow.dns.last?.name == "n1999.example.com")
    #expect(flow.dns.allSatisfy { $0.latency == 550_000 })
  }
}
