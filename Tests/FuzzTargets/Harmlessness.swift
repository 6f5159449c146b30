internal import Foundation

/// Text for a terminal: lines of what is visible, whatever names are in it.
func requireHarmless(_ text: String) {
  for scalar in text.unicodeScalars {
    let isVisible =
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: scalar == "\n"
      default: true
      }
    precondition(isVisible, "U+\(String(scalar.value, radix: 16)) in \(text.debugDescription)")
  }
}

/// JSON lines: each is an object by Foundation's word, and safe on a terminal.
func requireJSONLines(_ bytes: [UInt8]) {
  requireHarmless(String(decoding: bytes, as: UTF8.self))
  for line in bytes.split(separator: 10) {
    let object = try? JSONSerialization.jsonObject(with: Data(line))
    precondition(object is [String: Any], String(decoding: line, as: UTF8.self))
  }
}
