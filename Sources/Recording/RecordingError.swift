internal import Glibc

/// Why a recording can't be written or read: one line that says what to do, and its exit code.
public struct RecordingError: Error, CustomStringConvertible, Sendable {
  /// As in sysexits.h.
  public enum Kind: Int32, Sendable {
    case usage = 64
    /// What is in the file is not what it should be.
    case data = 65
    case noInput = 66
    /// A program that is needed is not there.
    case unavailable = 69
    case cannotCreate = 73
    case io = 74
  }

  public var kind: Kind
  public var message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = String(message.map { $0.isNewline ? " " : $0 })
  }

  /// From an errno (positive).
  static func errno(
    _ kind: Kind, _ operation: String, _ code: Int32, _ next: String = ""
  ) -> RecordingError {
    let text = unsafe String(cString: strerror(code))
    return RecordingError(kind, "\(operation): \(text)" + (next.isEmpty ? "" : "; \(next)"))
  }

  public var description: String { message }
}
