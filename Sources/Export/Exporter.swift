public import Recording

/// Turns a recording into another format, a record at a time.
public protocol Exporter {
  /// Whether all connections are to be seen by `learn` before the first record comes: the recording is
  /// read twice, which stdin can't be. A connection that is told twice is then exported once.
  static var readsTwice: Bool { get }

  /// On the first reading, with the header before it. `isWanted`: it was selected and will be exported
  /// unless it is told again.
  mutating func learn(_ flow: FlowRecord, _ header: HeaderRecord?, isWanted: Bool)

  /// A record in the order of the recording, with the header before it; what to write for it.
  mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8]

  /// A connection that is not wanted, and may have been when it was told before.
  mutating func takeBack(_ flow: FlowRecord, _ header: HeaderRecord?)

  /// What to write at the end.
  mutating func end() -> [UInt8]
}

extension Exporter {
  public static var readsTwice: Bool { false }
  public mutating func learn(_ flow: FlowRecord, _ header: HeaderRecord?, isWanted: Bool) {}
  public mutating func takeBack(_ flow: FlowRecord, _ header: HeaderRecord?) {}
}

/// The formats of `kflowtrace export`.
public enum ExportFormat: String, CaseIterable, Sendable {
  case pcapng
  case perfetto
  case hubble
  case otlp
  case html

  /// Whether a terminal is no place for it.
  public var isBinary: Bool { self == .pcapng }

  /// `isFiltered`: only some of the connections are wanted, and of events those that are theirs.
  public func exporter(isFiltered: Bool) -> any Exporter {
    switch self {
    case .pcapng: PcapngExporter(isFiltered: isFiltered)
    case .perfetto: PerfettoExporter()
    case .hubble: HubbleExporter()
    case .otlp: OTLPExporter()
    case .html: HTMLExporter()
    }
  }
}
