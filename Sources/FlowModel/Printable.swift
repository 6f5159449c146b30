extension Unicode.Scalar {
  /// Whether a terminal, or who reads one, may take it for more than a character: control characters,
  /// those that turn text around, join or hide (category Cf), and ends of lines.
  package var isTreacherous: Bool {
    if isASCII { return value < 0x20 || value == 0x7f }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }
}

extension String {
  /// One line that is safe on a terminal, whatever the node calls its things: treacherous characters
  /// become `?`.
  package var printable: String {
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return self }
    return String(UnicodeScalarView(unicodeScalars.map { $0.isTreacherous ? "?" : $0 }))
  }
}
