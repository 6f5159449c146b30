import Diagnosis
import FlowFixtures
import FlowModel
import Testing

@Suite struct DNSCauseTests {
  private func explained(_ name: String, _ suffixes: [String], found: String) -> Explanation? {
    var lookups = SampleLookups()
    for (i, suffix) in suffixes.enumerated() {
      lookups.lookup(
        "\(name).\(suffix)", code: 3, at: UInt64(i) * 1000, port: 40000 + UInt16(i))
    }
    lookups.lookup(found, at: UInt64(suffixes.count) * 1000, port: 40100)
    return lookups.flows().last.flatMap { Diagnoser.explain($0, on: Node()) }
  }

  @Test("a search with ndots: what was asked, what it cost, and that it is no failure")
  func search() throws {
    let told = try #require(
      explained(
        "api.example.com", ["default.svc.cluster.local", "svc.cluster.local"],
        found: "api.example.com"))
    #expect(told.cause == "dns-search-expansion" && told.layer == .dns)
    #expect(told.certainty == .certain)
    #expect(!told.isFailure && told.severity == .delay)
    #expect(
      told.why == "the resolver of 10.244.1.5 tried api.example.com with 2 search suffixes in vain "
        + "before it asked for the name itself: it has 2 dots, fewer than resolv.conf's ndots")
    #expect(
      told.evidence == [
        "api.example.com.default.svc.cluster.local  A  NXDOMAIN  0.6 ms",
        "api.example.com.svc.cluster.local          A  NXDOMAIN  0.6 ms",
        "2.0 ms lost, and 2 questions in vain for the DNS server",
      ])
    #expect(told.fix.contains("api.example.com., or set ndots: 2"))
  }

  @Test("found by a later suffix, fewer dots would not help and are not advised") func later()
    throws
  {
    let told = try #require(
      explained(
        "web.prod", ["default.svc.cluster.local"], found: "web.prod.svc.cluster.local"))
    #expect(
      told.why == "the resolver of 10.244.1.5 tried web.prod with 1 search suffix in vain before "
        + "web.prod.svc.cluster.local")
    #expect(told.fix == "write the name with a dot at its end, web.prod.svc.cluster.local.")
  }

  @Test("a lookup of a name that there is not is not blamed") func healthy() {
    #expect(explained("absent.default.svc", ["cluster.local"], found: "web.default.svc") == nil)
  }

  @Test("what failed is told before what took long") func order() {
    var lookups = SampleLookups()
    lookups.lookup("web.example.cluster.local", code: 3, at: 0, port: 40000)
    lookups.lookup("web.example", at: 1000, port: 40001)
    var flow = lookups.flows()[1]
    #expect(Diagnoser.explain(flow, on: Node())?.cause == "dns-search-expansion")
    flow.transmissions.append(
      Transmission(isReply: false, hops: [Told.dropped(at: .forward, tuple: flow.original)]))
    let told = Diagnoser.explain(flow, on: Node("NETFILTER_DROP"))
    #expect(told?.cause == "dns-blocked" && told?.isFailure == true)
  }
}
