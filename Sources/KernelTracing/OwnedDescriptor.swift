internal import CLibbpf

/// A file descriptor that is closed once, when its owner goes.
final class OwnedDescriptor {
  let raw: Int32

  /// Takes over an open descriptor.
  init(_ raw: Int32) { self.raw = raw }

  /// From a call that gives a descriptor or a negative errno.
  init(_ result: Int32, orThrow operation: String, next: String = "") throws(TracingError) {
    guard result >= 0 else { throw .errno(operation, -result, next) }
    raw = result
  }

  deinit { close(raw) }
}
