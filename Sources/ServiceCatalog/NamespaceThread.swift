internal import CNode
internal import Glibc
internal import Privileges

/// Work in a network namespace, with every capability tracing has a use for: on a thread that enters it
/// and ends there, so that no other is moved and nothing has to be moved back.
enum NamespaceThread {
  /// What a thread is handed.
  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// `path`: the namespace's file; `nil`: ours. Fails with a sentence if it can't be entered.
  static func run<Value: Sendable>(
    in path: String?, _ body: @escaping @Sendable () -> Value
  ) async -> Result<Value, Failure> {
    await withCheckedContinuation { continuation in
      let work = Work {
        _ = Privilege.raise()
        let error = path.map(enter) ?? 0
        continuation.resume(
          returning: error == 0 ? .success(body()) : .failure(Failure(errno: error)))
      }
      var thread = pthread_t()
      let error = unsafe pthread_create(
        &thread, nil,
        { context in
          guard let context = unsafe context else { return nil }
          unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
          return nil
        }, Unmanaged.passRetained(work).toOpaque())
      if error == 0 {
        pthread_detach(thread)
      } else {
        unsafe Unmanaged.passUnretained(work).release()
        continuation.resume(returning: .failure(Failure(errno: error)))
      }
    }
  }

  /// Why the work could not be done.
  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(errno: Int32) { description = unsafe String(cString: strerror(errno)) }
  }

  /// 0 or an errno.
  private static func enter(_ path: String) -> Int32 {
    let descriptor = unsafe kft_open(path)
    guard descriptor >= 0 else { return -descriptor }
    defer { close(descriptor) }
    return -kft_enter_netns(descriptor)
  }
}
