public import Recording

/// Turns a recording into another format, a record at a time.
public protocol Exporter {
  /// Whether all connections are to be seen by `learn` before the first record comes: the recording is
  /// read twice, which stdin can't be.
  static var readsTwice: Bool { get }

  /// On the first reading.
  mutating func learn(_ flow: FlowRecord)

  /// A record in the order of the recording, with the header before it; what to write for it.
  mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8]

  /// What to write at the end.
  mutating func end() -> [UInt8]
}

extension Exporter {
  public static var readsTwice: Bool { false }
  public mutating func learn(_ flow: FlowRecord) {}
}

/// The formats of `kflowtrace export`.
public enum ExportFormat: String, CaseIterable, Sendable {
  case hubble

  /// Whether a terminal is no place for it.
  public var isBinary: Bool { false }

  public var exporter: any Exporter {
    switch self {
    case .hubble: HubbleExporter()
    }
  }
}
