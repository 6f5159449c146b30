internal import FoundationEssentials

/// JSON lines: one object a line, keys sorted so that equal flows give equal lines.
public struct JSONLines {
  private let encoder: JSONEncoder

  public init() {
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  /// The object with a newline at its end. JSON escapes control characters in names.
  public func line(_ value: some Encodable) throws -> String {
    String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }
}
