public import Diagnosis
public import FlowCorrelation

/// A group of drops as one JSON object: what `kflowtrace drops --json` prints whenever it grew.
public struct DropGroupRecord: Sendable {
  /// CLOCK_BOOTTIME, ns, of the latest packet.
  public var time: UInt64
  public var reason: String
  public var location: String?
  public var netns: String
  public var interface: String?
  public var transport: String
  public var destination: Peer
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
    destination = Peer(group.key.destination)
    packets = group.packets
    recent = group.recent
    rate = interval > 0 ? Double(group.recent) / interval : 0
    flows = group.flows
    diagnosis = explanation
  }
}

extension DropGroupRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("schema", Schema.name)
      $0.member("type", "drops")
      $0.member("time", time)
      $0.member("reason", reason)
      $0.member("location", location)
      $0.member("netns", netns)
      $0.member("interface", interface)
      $0.member("transport", transport)
      $0.member("destination", destination)
      $0.member("packets", packets)
      $0.member("recent", recent)
      $0.member("rate", rate)
      $0.member("flows", flows)
      $0.member("diagnosis", diagnosis)
    }
  }
}
