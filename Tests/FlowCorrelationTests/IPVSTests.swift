import FlowCorrelation
import FlowModel
import Testing

/// NAT by IPVS: from INPUT to OUTPUT, and back in FORWARD.
@Suite struct IPVSTests {
  private static let back = Sightings.translated().inverse

  /// conntrack was asked for NAT and did none; the reply tuple is IPVS's doing.
  private static func entry(_ isReply: Bool = false) -> Event.Conntrack {
    var entry = Sightings.entry(isReply: isReply)
    entry.status = 0x180
    return entry
  }

  private static var untranslated: Event.Conntrack {
    Event.Conntrack(
      original: Sightings.asked, reply: Sightings.asked.inverse, status: 0x100, zone: 0,
      isReply: false)
  }

  private static func netfilter(_ packets: inout Sightings, tracked: Bool = true) {
    let entry = tracked ? entry() : nil
    packets.see(.nfRaw, 2, 7, Sightings.asked, at: .prerouting)
    packets.see(.nfDNATDone, 2, 7, Sightings.asked, at: .prerouting, entry: untranslated)
    packets.see(.nfFilter, 2, 7, Sightings.asked, at: .input, entry: untranslated)
    packets.see(.nfRaw, 2, 7, Sightings.translated(), at: .output, entry: entry)
    packets.see(.nfFilterDone, 2, 7, Sightings.translated(), at: .output, entry: entry)
    packets.see(.nfSNATDone, 2, 7, Sightings.translated(), at: .postrouting, entry: entry)
  }

  private static func functions(_ packets: inout Sightings, tracked: Bool = true) {
    let entry = tracked ? entry() : nil
    packets.see(.hookSlow, 2, 7, Sightings.asked, at: .prerouting)
    packets.see(.natFunction, 2, 7, Sightings.asked, at: .prerouting, entry: untranslated)
    packets.see(.ipDeliver, 2, 7, Sightings.asked, entry: untranslated)
    packets.see(.hookSlow, 2, 7, Sightings.asked, at: .input, entry: untranslated)
    // IPVS's own entry
    packets.see(.ipvs, 2, 7, Sightings.asked, entry: Sightings.entry())
    packets.see(.hookSlow, 2, 7, Sightings.translated(), at: .output, entry: entry)
    packets.see(.ipOutput, 2, 7, Sightings.translated(), entry: entry)
  }

  @Test(
    "both backends place it at INPUT, and nothing was delivered there", arguments: [true, false])
  func request(_ isNetfilter: Bool) throws {
    for tracked in [true, false] where tracked || !isNetfilter {
      var packets = Sightings()
      packets.leaveClient()
      if isNetfilter {
        Self.netfilter(&packets)
      } else {
        Self.functions(&packets, tracked: tracked)
      }
      packets.reachPod()
      let all = flows(packets.events)
      #expect(all.count == 1)
      let flow = try #require(all.first)
      #expect(flow.original == Sightings.asked && flow.translated == Sightings.translated())
      #expect(
        flow.transmissions.map(shown) == [
          ["1 out 2", "2 in 7", "dnat 10.244.2.8:8080", "2 out 9", "3 in 2", "3 delivered"]
        ])
      let nat = try #require(flow.transmissions[0].hops.first { $0.isDNAT })
      #expect(nat.event.hook == .ipvs && nat.event.netfilterHook == .input)
    }
  }

  @Test("without an entry the change from INPUT to OUTPUT is IPVS's all the same") func untracked()
    throws
  {
    var packets = Sightings()
    packets.leaveClient()
    Self.netfilter(&packets, tracked: false)
    // nothing joins the halves for the netfilter backend
    #expect(flows(packets.events).count == 2)
  }

  @Test("the answer is rewritten in FORWARD") func answer() throws {
    var packets = Sightings()
    packets.leaveClient()
    Self.netfilter(&packets)
    packets.reachPod()
    packets.flags = [.syn, .ack]
    packets.sequence = 500
    packets.see(.tcEgress, 3, 2, Self.back)
    packets.see(.tcIngress, 2, 9, Self.back)
    let entry = Self.entry(true)
    packets.see(.nfDNATDone, 2, 9, Self.back, at: .prerouting, entry: entry)
    packets.see(.nfFilterDone, 2, 9, Self.back, at: .forward, entry: entry)
    packets.see(.nfSNAT, 2, 9, Sightings.asked.inverse, at: .postrouting, entry: entry)
    let flow = try #require(flows(packets.events).first)
    let hops = try #require(flow.transmissions.last).hops
    let nat = try #require(hops.first { $0.isUndone })
    #expect(nat.event.hook == .ipvs && nat.event.netfilterHook == .forward)
  }

  @Test("from the node itself: OUTPUT is passed twice by one packet") func fromNode() throws {
    var packets = Sightings()
    packets.see(.nfRaw, 2, 0, Sightings.asked, at: .output)
    packets.see(.nfDNATDone, 2, 0, Sightings.asked, at: .output, entry: Self.untranslated)
    packets.see(.nfRaw, 2, 0, Sightings.translated(), at: .output, entry: Self.entry())
    packets.see(.nfDNATDone, 2, 0, Sightings.translated(), at: .output, entry: Self.entry())
    let flow = try #require(flows(packets.events).first)
    #expect(flow.transmissions.map(shown) == [["dnat 10.244.2.8:8080"]])
    #expect(flow.transmissions[0].hops.first { $0.isDNAT }?.event.hook == .ipvs)
  }

  @Test("conntrack's own NAT is not taken for it") func conntrack() throws {
    var packets = Sightings()
    packets.leaveClient()
    var entry = Sightings.entry()
    entry.status = 0x1a0
    packets.see(.nfRaw, 2, 7, Sightings.asked, at: .prerouting)
    packets.see(.nfDNATDone, 2, 7, Sightings.translated(), at: .prerouting, entry: entry)
    let flow = try #require(flows(packets.events).first)
    #expect(flow.transmissions[0].hops.first { $0.isDNAT }?.event.hook == .nfDNATDone)
  }
}

extension Hop {
  fileprivate var isDNAT: Bool {
    if case .destinationNAT = action { true } else { false }
  }
  fileprivate var isUndone: Bool {
    if case .sourceNAT(_, undone: true) = action { true } else { false }
  }
}
