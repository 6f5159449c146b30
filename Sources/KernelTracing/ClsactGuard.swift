internal import CNode
internal import Glibc
internal import Processes
internal import Synchronization

/// A process of ours that outlives us for a moment: when we are gone, kill -9 included, it removes the
/// filters we still have on devices. Links need none, the kernel lets go of those.
public final class ClsactGuard: Sendable {
  /// The command line's first word for it.
  public static let argument = "remove-filters-of"

  private struct Current {
    weak var guardian: ClsactGuard?
  }

  private static let current = Mutex(Current())

  private let child: ChildProcess
  /// The end of a pipe that nobody else has: it sees when this is closed.
  private let pipe: Int32

  /// The one there is, or another one. `nil` if none can be started: then the next start sweeps.
  static func shared() -> ClsactGuard? {
    current.withLock { current in
      if let guardian = current.guardian { return guardian }
      let guardian = ClsactGuard()
      current.guardian = guardian
      return guardian
    }
  }

  private init?() {
    var ours: Int32 = -1
    let its = unsafe kft_pipe(&ours)
    guard its >= 0 else { return nil }
    defer { close(its) }
    do throws(ChildProcess.Failure) {
      child = try ChildProcess(
        ["/proc/self/exe", Self.argument, "\(getpid())"], input: .descriptor(its), output: .null,
        errors: .null, isDetached: true)
    } catch {
      close(ours)
      return nil
    }
    pipe = ours
  }

  deinit {
    close(pipe)
    _ = child.wait()
  }

  /// What that process does: waits for the end of its input, and removes what process `pid` left.
  public static func stand(for pid: UInt32) {
    var byte: UInt8 = 0
    while true {
      let n = unsafe read(0, &byte, 1)
      if n == 0 || n < 0 && errno != EINTR { break }
    }
    ClsactJournal.sweep(of: pid)
  }
}
