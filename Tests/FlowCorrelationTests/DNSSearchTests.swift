import FlowCorrelation
import FlowFixtures
import FlowModel
import Testing

@Suite struct DNSSearchTests {
  private static let suffixes = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"]

  /// As glibc does: a port for each name, A and AAAA at once.
  private func search(_ name: String, _ suffixes: [String], found: String) -> SampleLookups {
    var lookups = SampleLookups()
    var time: UInt64 = 0
    for (i, tried) in (suffixes.map { "\(name).\($0)" } + [found]).enumerated() {
      for type: UInt16 in [1, 28] {
        lookups.lookup(
          tried, type: type, id: type, code: tried == found ? 0 : 3, at: time,
          port: 40000 + UInt16(i))
      }
      time += 1000
    }
    return lookups
  }

  @Test("the flow that ends a search has what was tried before, and what it cost") func glibc()
    throws
  {
    let flows = search("api.example.com", Self.suffixes, found: "api.example.com").flows()
    #expect(flows.count == 4)
    #expect(flows.dropLast().allSatisfy { $0.dnsSearch == nil })
    let search = try #require(flows.last?.dnsSearch)
    #expect(search.found == "api.example.com" && search.written == search.found)
    #expect(search.names == Self.suffixes.map { "api.example.com.\($0)" })
    #expect(search.tried.count == 6)
    #expect(search.lost == 3_000_000)
  }

  @Test("found with a later suffix, the name as it was written is told") func later() throws {
    let flows = search(
      "web.prod", ["default.svc.cluster.local"], found: "web.prod.svc.cluster.local"
    ).flows()
    let search = try #require(flows.last?.dnsSearch)
    #expect(search.written == "web.prod" && search.found == "web.prod.svc.cluster.local")
    #expect(search.names == ["web.prod.default.svc.cluster.local"])
    #expect(search.lost == 1_000_000)
  }

  @Test("all from one port, it is the same") func onePort() throws {
    var lookups = SampleLookups()
    for (i, suffix) in Self.suffixes.enumerated() {
      lookups.lookup(
        "a.example.\(suffix)", id: UInt16(i), code: 3, at: UInt64(i) * 1000)
    }
    lookups.lookup("a.example", id: 9, at: 3000)
    let flow = try #require(lookups.flows().first)
    #expect(flow.dnsSearch?.tried.count == 3 && flow.dnsSearch?.lost == 3_000_000)
  }

  @Test("names that there are not are no search") func healthy() {
    var lookups = SampleLookups()
    lookups.lookup("absent.default.svc.cluster.local", code: 3, at: 0, port: 40000)
    lookups.lookup("web.default.svc.cluster.local", at: 600, port: 40001)
    lookups.lookup("web.default", code: 3, at: 1200, port: 40002)
    lookups.lookup("absent.default.svc.cluster.local", code: 3, at: 1800, port: 40003)
    #expect(lookups.flows().count == 4)
    #expect(lookups.flows().allSatisfy { $0.dnsSearch == nil })
  }

  @Test("a name that is asked for much later is no part of it") func pause() {
    var lookups = SampleLookups()
    lookups.lookup("web.default.svc.cluster.local", code: 3, at: 0, port: 40000)
    lookups.lookup("web", at: 1_100_000, port: 40001)
    #expect(lookups.flows().allSatisfy { $0.dnsSearch == nil })
  }

  @Test("a search is told once") func once() {
    var lookups = SampleLookups()
    lookups.lookup("web.example.cluster.local", code: 3, at: 0, port: 40000)
    lookups.lookup("web.example", at: 1000, port: 40001)
    lookups.lookup("web.example", at: 2000, port: 40002)
    #expect(lookups.flows().map { $0.dnsSearch != nil } == [false, true, false])
  }

  @Test("each client's search is its own") func clients() {
    var lookups = SampleLookups()
    lookups.lookup("web.example.cluster.local", code: 3, at: 0, port: 40000)
    var others = SampleLookups()
    others.lookup("web.example", at: 1000, port: 40001)
    var correlator = FlowCorrelator()
    lookups.tell(&correlator)
    for (i, var event) in others.events.enumerated() {
      func moved(_ endpoint: Endpoint) -> Endpoint {
        endpoint.address == SampleLookups.client
          ? Endpoint(Address(v4: 0x0af4_0107), endpoint.port) : endpoint
      }
      func moved(_ tuple: Tuple) -> Tuple {
        Tuple(tuple.proto, from: moved(tuple.source), to: moved(tuple.destination))
      }
      event.tuple = moved(event.tuple)
      if let entry = event.conntrack {
        event.conntrack?.original = moved(entry.original)
        event.conntrack?.reply = moved(entry.reply)
      }
      correlator.ingest(event, payload: others.payloads[i])
    }
    let flows = correlator.drain()
    #expect(flows.count == 2 && flows.allSatisfy { $0.dnsSearch == nil })
  }
}
