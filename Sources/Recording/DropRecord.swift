public import Diagnosis
public import FlowCorrelation

/// A group of drops as one JSON object: what `kflowtrace drops --json` prints whenever it grew.
public struct DropGroupRecord: Encodable, Sendable {
  public var schema = "kflowtrace/1"
  public var type = "drops"
  /// CLOCK_BOOTTIME, ns, of the latest packet.
  public var time: UInt64
  public var reason: String
  public var location: String?
  public var netns: String
  public var interface: String?
  public var transport: String
  public var destination: FlowRecord.Peer
  /// All so far, and those since the object before.
  public var packets: Int
  public var recent: Int
  /// Packets a second since the object before.
  public var rate: Double
  /// Sources, 1024 at the most.
  public var flows: Int
  public var diagnosis: Explanation?

  /// `interval`: seconds since the object before.
  public init(
    _ group: DropGroup, _ explanation: Explanation?, interval: Double, on node: any NodeView
  ) {
    time = group.last
    reason = node.reasonName(group.key.reason)
    location = node.place(group.key.location)
    netns = node.namespaceName(group.key.netns)
    interface = FlowRecord.name(group.key.interface, group.key.netns, node)
    transport = "\(group.key.proto)".lowercased()
    destination = FlowRecord.Peer(group.key.destination)
    packets = group.packets
    recent = group.recent
    rate = interval > 0 ? Double(group.recent) / interval : 0
    flows = group.flows
    diagnosis = explanation
  }
}
