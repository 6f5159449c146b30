import FlowModel
import Testing

@Suite struct TupleTests {
  private let client = Endpoint(Address(v4: 0x0af4_0105), 43122)
  private let server = Endpoint(Address(v4: 0x0a60_0032), 80)

  @Test("the inverse of the inverse is the tuple") func inverse() {
    let tuple = Tuple(.tcp, from: client, to: server)
    #expect(tuple.inverse == Tuple(.tcp, from: server, to: client))
    #expect(tuple.inverse.inverse == tuple && tuple.inverse != tuple)
    #expect(tuple != Tuple(.udp, from: client, to: server))
  }

  @Test("endpoints read as in a URL") func endpoints() throws {
    #expect("\(server)" == "10.96.0.50:80")
    let six = try #require(Address("fd00:10:96::50"))
    #expect("\(Endpoint(six, 80))" == "[fd00:10:96::50]:80")
    #expect("\(Endpoint(six, 0))" == "fd00:10:96::50")
  }

  @Test("protocols by name and number") func protocols() {
    #expect(IPProtocol(name: "TCP") == .tcp && IPProtocol(name: "icmpv6") == .icmpv6)
    #expect(IPProtocol(name: "132") == .sctp)
    for text in ["", "0", "256", "-1", "tpc"] { #expect(IPProtocol(name: text) == nil) }
    #expect(IPProtocol.udp.hasPorts && !IPProtocol.icmp.hasPorts)
  }

  @Test("a packet may not be fragmented: DF, and IPv6 always") func fragments() throws {
    var event = Event(
      time: 0, netns: 1, hook: .tcIngress, tuple: Tuple(.tcp, from: client, to: server))
    #expect(!event.dontFragment)
    event.fragment = 0x4000
    #expect(event.dontFragment)
    let six = Endpoint(try #require(Address("fd00::1")), 1)
    event = Event(time: 0, netns: 1, hook: .tcIngress, tuple: Tuple(.tcp, from: six, to: six))
    #expect(event.dontFragment)
  }

  @Test("an entry is translated when its tuples differ") func conntrack() {
    let pod = Endpoint(Address(v4: 0x0af4_0208), 8080)
    let asked = Tuple(.tcp, from: client, to: server)
    func entry(_ reply: Tuple) -> Event.Conntrack {
      Event.Conntrack(original: asked, reply: reply, status: 0, zone: 0, isReply: false)
    }
    #expect(!entry(asked.inverse).isTranslated)
    let translated = entry(Tuple(.tcp, from: pod, to: client))
    #expect(translated.isTranslated)
    #expect(translated.translated == Tuple(.tcp, from: client, to: pod))
  }
}
