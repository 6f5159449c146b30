internal import FlowModel
internal import FoundationEssentials

/// JSON lines: one object a line, keys sorted so that equal flows give equal lines.
public struct JSONLines {
  private let encoder: JSONEncoder

  public init() {
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  /// The object with a newline at its end. Names are escaped as ``JSONWriter`` does.
  public func line(_ value: some Encodable) throws -> String {
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    // those that the encoder leaves as they are stand within strings only
    return text.unicodeScalars.reduce(into: "") { line, scalar in
      line += scalar.isTreacherous ? scalar.jsonEscape : String(scalar)
    } + "\n"
  }
}
