import Diagnosis
import FlowFixtures
import FlowModel
import Recording
import Testing

extension Recorded {
  /// A healthy connection of a client's own port, a millisecond after the one before.
  static func healthy(number: Int) throws -> FlowRecord {
    var sample = SampleFlow(clientPort: UInt16(20_000 + number % 40_000))
    sample.conversation()
    return FlowRecord(try placed(sample, number), nil, on: SampleNode())
  }

  /// One whose SYN a rule drops.
  static func dropped(number: Int) throws -> FlowRecord {
    var sample = SampleFlow(clientPort: UInt16(20_000 + number % 40_000))
    sample.dropped(0)
    var node = SampleNode()
    node.finding = policyDrop.rule
    return FlowRecord(try placed(sample, number), policyDrop, on: node)
  }

  private static func placed(_ sample: SampleFlow, _ number: Int) throws -> Flow {
    var flow = try #require(sample.flow(id: UInt64(number) + 1))
    flow.start += UInt64(number) * 1_000_000
    flow.end += UInt64(number) * 1_000_000
    for i in flow.transmissions.indices {
      for j in flow.transmissions[i].hops.indices {
        flow.transmissions[i].hops[j].event.time += UInt64(number) * 1_000_000
      }
    }
    return flow
  }
}
