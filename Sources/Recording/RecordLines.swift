public import Diagnosis
public import FlowModel

/// The format that lines of JSON name themselves by.
public enum Schema {
  public static let name = "kflowtrace/1"
}

/// Records as JSON lines, gathered in a buffer that is used again.
public struct RecordLines {
  private var json = JSONWriter()

  public init() {}

  /// The lines so far, UTF-8, each ended by a newline.
  public var bytes: [UInt8] { json.bytes }

  public mutating func removeAll() { json.removeAll() }

  public mutating func append(_ header: HeaderRecord) { append(line: header) }
  public mutating func append(_ flow: FlowRecord) { append(line: flow) }
  public mutating func append(_ summary: SummaryRecord) { append(line: summary) }
  public mutating func append(_ drops: DropGroupRecord) { append(line: drops) }

  /// One sighting, with the node's names.
  public mutating func append(_ event: Event, on node: any NodeView) {
    json.event(event, on: node)
  }

  private mutating func append(line: some JSONWritable) {
    line.write(to: &json)
    json.endLine()
  }
}
