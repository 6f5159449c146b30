import Diagnosis
import Export
import FlowFixtures
import FlowModel
import Foundation
import Recording
import Testing

@Suite struct HTMLExportTests {
  @Test("nothing a node calls itself ends the data or begins an element", arguments: Hostile.names)
  func hostile(_ name: String) throws {
    var header = Recorded.header
    header.node = name
    header.selection = name
    let page = try Page([Hostile.record(name)], header: header)
    let harmless = try Page([Hostile.record("web")])
    #expect(page.frame == harmless.frame)
    #expect(!page.text.contains { "<>&\u{2028}\u{2029}\u{202e}".contains($0) })
    #expect(!page.text.utf8.contains { $0 < 32 && $0 != 10 })

    let data = try page.data()
    let traces = try #require(data["traces"] as? [[String: Any]])
    #expect(traces.first?["node"] as? String == name)
    let explanations = try #require(data["explanations"] as? [[String: Any]])
    #expect(explanations.first?["rule"] as? String == name)
    let places = try #require(data["places"] as? [[String: Any]])
    #expect(places.contains { $0["netns"] as? String == name && $0["name"] as? String == name })
  }

  @Test("it loads nothing") func alone() throws {
    let page = try Page([.flow(try #require(Recorded.dropped))])
    // the name of SVG's elements is no address
    let frame = page.html.replacing("http://www.w3.org/2000/svg", with: "")
    for load in ["http:", "https:", "src=", "@import", "url(", "<link", "<iframe", "import("] {
      #expect(!frame.contains(load), "\(load)")
    }
    #expect(frame.contains("default-src 'none'"))
    #expect(frame.hasPrefix("<!DOCTYPE html>\n"))
  }

  @Test("what was dropped, where and by which rule") func drop() throws {
    var node = SampleNode()
    node.finding = policyDrop.rule
    var sample = SampleFlow()
    sample.dropped(0)
    let flow = try #require(sample.flow())
    let page = try Page([.flow(FlowRecord(flow, policyDrop, on: node))])
    let data = try page.data()
    let ways = try #require(data["ways"] as? [[String: Any]])
    #expect(ways.count == 1)
    let stops = try #require(ways.first?["stops"] as? [[String: Any]])
    let places = try #require(data["places"] as? [[String: Any]])
    let acts = stops.compactMap { $0["acts"] as? [[String: Any]] }
    #expect(
      acts.flatMap { $0.compactMap { $0["do"] as? String } }
        == ["out", "in", "dnat", "chains", "dropped"])
    let drop = try #require(acts.last?.first)
    #expect(drop["text"] as? String == "NETFILTER_DROP in nf_hook_slow+0xb3")
    #expect(drop["rule"] as? String == "-A KUBE-POLICY-DEMO -d 10.244.2.8/32 -j DROP")
    // the client's own port is the connection's, not the way's
    #expect(drop["from"] as? Int == 0 && drop["dest"] as? String == "10.244.2.8:8080")
    let last = try #require(stops.last?["place"] as? Int)
    #expect(places[last]["name"] as? String == "FORWARD" && places[last]["hook"] as? Bool == true)
    let told = try #require(page.flows().first)
    #expect(told["from"] as? String == "10.244.1.5:43122")
    #expect(told["state"] as? String == "no-answer")
    // one packet: way, beginning, flags, payload, repeats, then µs at each stop after the first
    let packet = try #require((told["ways"] as? [[Any]])?.first)
    #expect(packet.dropFirst(5).compactMap { $0 as? Int } == [10, 20, 30, 45])
  }

  @Test("a connection told twice counts once, as it was told last") func toldTwice() throws {
    var early = try #require(Recorded.dropped)
    early.id = 7
    var late = try #require(Recorded.healthy)
    late.id = 7
    let other = try #require(Recorded.healthy)
    let page = try Page([.flow(early), .flow(other), .flow(late)])
    let flows = try page.flows()
    #expect(flows.compactMap { $0["id"] as? Int } == [7, 1])
    #expect(flows.first?["state"] as? String == "completed" && flows.first?["why"] == nil)
    let sums = try page.sums()
    #expect(sums["connections"] as? Int == 2 && sums["failed"] as? Int == 0)
    #expect((sums["causes"] as? [Any])?.isEmpty == true)
  }

  @Test("files of one trace are one; those of two have connections of their own")
  func traces() throws {
    let flow = try #require(Recorded.dropped)
    var other = Recorded.header
    other.node = "node2"
    var exporter = HTMLExporter()
    for header in [Recorded.header, Recorded.header, other] {
      _ = exporter.add(.header(header), header)
      _ = exporter.add(.flow(flow), header)
    }
    let page = try Page(exporter.end())
    let traces = try #require(page.data()["traces"] as? [[String: Any]])
    #expect(traces.compactMap { $0["node"] as? String } == ["node1", "node2"])
    #expect(try page.flows().map { $0["trace"] as? Int ?? 0 } == [0, 1])
    #expect(try page.sums()["failed"] as? Int == 2)
  }

  @Test("sums are the summary's, and a recording without one says that it was cut off")
  func summary() throws {
    let flow = try #require(Recorded.dropped)
    var summary = Summary()
    summary.add(flow)
    let record = summary.record(duration: 4_000_000_000, eventsLost: 12, truncated: 3)
    let whole = try Page([.flow(flow), .summary(record)])
    let sums = try whole.sums()
    #expect(sums["lost"] as? Int == 12 && sums["truncated"] as? Int == 3)
    #expect(sums["duration"] as? Int == 4_000_000)
    let spread = try #require((sums["spreads"] as? [[String: Any]])?.first)
    #expect(spread["service"] as? String == "default/web" && spread["endpointCount"] as? Int == 3)
    let cut = try Page([.flow(flow)])
    func isCutOff(_ page: Page) throws -> Bool {
      (try page.data()["traces"] as? [[String: Any]])?.first?["cutOff"] as? Bool == true
    }
    #expect(try isCutOff(cut) && !isCutOff(whole))
  }

  @Test("without a header, and without anything") func bare() throws {
    let flow = try #require(Recorded.dropped)
    let page = try Page([.flow(flow)], header: nil)
    #expect(try page.flows().first?["at"] as? Int == 0)
    let empty = try Page([], header: nil)
    #expect(try empty.flows().isEmpty && empty.sums()["connections"] as? Int == 0)
  }

  @Test("connections share what they have in common") func size() throws {
    let count = 500
    let page = try Page((0..<count).map { .flow(try Recorded.healthy(number: $0)) })
    #expect(try page.flows().count == count)
    // what they share takes less than a kilobyte for each way there is
    #expect(page.text.utf8.count < count * 700, "\(page.text.utf8.count)")
    // one way to the server and one back, whatever the client's port
    #expect((try page.data()["ways"] as? [Any])?.count == 2)
  }
}
