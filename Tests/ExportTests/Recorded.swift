import Diagnosis
import FlowFixtures
import FlowModel
import Recording

/// Records as a recording has them, made from sample flows.
enum Recorded {
  static let header = HeaderRecord(
    version: "0.1.0", node: "node1", kernel: "6.12.0", backend: "netfilter",
    namespaces: ["node1"], selection: "default/web",
    clock: HeaderRecord.Clock(boottime: 5_000_000_000, realtime: 1_700_000_000_000_000_000),
    services: [])

  /// A healthy connection.
  static var healthy: FlowRecord? {
    var sample = SampleFlow()
    sample.conversation()
    return sample.flow().map { FlowRecord($0, nil, on: SampleNode()) }
  }

  /// One whose SYN a rule drops.
  static var dropped: FlowRecord? {
    var sample = SampleFlow(clientPort: 43123)
    sample.dropped(0)
    return sample.flow(id: 2).map { FlowRecord($0, policyDrop, on: SampleNode()) }
  }
}
