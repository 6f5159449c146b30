internal import CLibbpf
internal import Glibc

/// Why tracing can't start or go on: one line that says what to do, and its exit code.
public struct TracingError: Error, CustomStringConvertible, Sendable {
  /// Whose turn it is to act.
  public enum Kind: Sendable, Equatable {
    /// The call was wrong (exit code 64).
    case usage
    /// The kernel can't (69).
    case kernel
    /// A capability is missing (77).
    case privilege
    /// The operation failed (70).
    case failure
    /// A file can't be read or written, with a code of sysexits.h.
    case recording(exitCode: Int32)
  }

  public var kind: Kind
  /// What happened and what to do about it, one line.
  public var message: String
  /// More lines for whoever wants them, such as the verifier's log.
  public var details: String

  public init(_ kind: Kind, _ message: String, details: String = "") {
    self.kind = kind
    // whatever the caller wrote into it
    self.message = String(message.map { $0.isNewline ? " " : $0 })
    self.details = details
  }

  /// The exit code, as in sysexits.h.
  public var exitCode: Int32 {
    switch kind {
    case .usage: 64
    case .kernel: 69
    case .failure: 70
    case .privilege: 77
    case .recording(let code): code
    }
  }

  public var description: String { message }

  /// From an errno (positive): operation, object, the errno's text, next step.
  static func errno(_ operation: String, _ code: Int32, _ next: String = "") -> TracingError {
    let text = unsafe String(cString: strerror(code))
    let kind: Kind = code == EPERM || code == EACCES ? .privilege : .failure
    return TracingError(kind, "\(operation): \(text)\(next.isEmpty ? "" : "; \(next)")")
  }
}
