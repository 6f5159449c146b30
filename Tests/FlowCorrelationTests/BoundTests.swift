import FlowCorrelation
import FlowModel
import Testing

/// How many flows are kept.
@Suite struct BoundTests {
  /// A connection of one client of many: a SYN, and with `isReset` the reset that ends it.
  private func connection(_ number: UInt32, time: UInt64, isReset: Bool) -> [Event] {
    let client = Endpoint(Address(v4: 0x0b00_0000 + number), 40000)
    let asked = Tuple(.tcp, from: client, to: Sightings.service)
    var packets = Sightings()
    packets.time = time
    packets.see(.tcEgress, 1, 2, asked)
    if isReset {
      packets.flags = [.rst, .ack]
      packets.see(.tcIngress, 1, 2, asked.inverse)
    }
    return packets.events
  }

  private func number(_ flow: Flow) -> UInt32 {
    UInt32(truncatingIfNeeded: flow.original.source.address.low) - 0x0b00_0000
  }

  @Test("those that are quiet for longest are told early, each once") func early() {
    var correlator = FlowCorrelator(memory: 1 << 20)
    var told: [UInt32] = []
    for i in 0..<4000 as Range<UInt32> {
      let time = 1_000_000_000 + UInt64(i) * 1000
      for event in connection(i, time: time, isReset: false) { correlator.ingest(event) }
      if i % 100 == 99 { told += correlator.finished(now: time).map(number) }
    }
    #expect(!told.isEmpty && correlator.toldEarly == told.count)
    #expect(told == Array(0..<UInt32(told.count)))
    // 256 to 4096 bytes each
    #expect((256...4096).contains(correlator.activeCount))
    let rest = correlator.drain()
    #expect((told + rest.map(number)).sorted() == Array(0..<4000))
    #expect(rest.allSatisfy { !$0.mayMissEvents })
  }

  @Test("those that are finished leave before those that are not") func finishedFirst() {
    var correlator = FlowCorrelator(memory: 1 << 20)
    for event in connection(0, time: 1_000_000_000, isReset: false) { correlator.ingest(event) }
    var told: [UInt32] = []
    for i in 1..<4000 as Range<UInt32> {
      // over before the next one begins, and its late packets are waited for
      let time = 1_000_000_000 + UInt64(i) * 1000
      for event in connection(i, time: time, isReset: true) { correlator.ingest(event) }
      told += correlator.finished(now: time + 250_000_000).map(number)
    }
    #expect(told == Array(1..<4000))
    #expect(correlator.toldEarly == 0 && correlator.activeCount == 1)
  }

  @Test("a flow that goes on is as large as what is kept of it") func long() {
    var correlator = FlowCorrelator(memory: 1 << 20)
    var time: UInt64 = 1_000_000_000
    for i in 0..<20_000 as Range<UInt32> {
      var packets = Sightings()
      packets.time = time
      packets.flags = i == 0 ? .syn : .ack
      packets.sequence = 1 + i
      packets.leaveClient()
      for event in packets.events { correlator.ingest(event) }
      time = packets.time
      #expect(correlator.finished(now: time).isEmpty)
    }
    #expect(correlator.toldEarly == 0)
    #expect(correlator.drain().map(\.packets.original) == [20_000])
  }
}
