/// Colour for a terminal, or none.
public struct Style: Sendable {
  /// Whether escape sequences are written.
  public let isColoured: Bool

  /// `isColoured`: the output is a terminal and NO_COLOR is not set.
  public init(isColoured: Bool) { self.isColoured = isColoured }

  private func wrap(_ text: String, _ code: String) -> String {
    isColoured ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }

  func bold(_ text: String) -> String { wrap(text, "1") }
  func dim(_ text: String) -> String { wrap(text, "2") }
  func red(_ text: String) -> String { wrap(text, "1;31") }
  func green(_ text: String) -> String { wrap(text, "32") }
  func yellow(_ text: String) -> String { wrap(text, "33") }
  func cyan(_ text: String) -> String { wrap(text, "36") }
}

extension String {
  /// Padded with spaces to at least `width` characters.
  func padded(_ width: Int) -> String {
    let missing = width - count
    return missing > 0 ? self + String(repeating: " ", count: missing) : self
  }
}
