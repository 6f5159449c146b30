internal import Glibc

/// Another program that runs beside us: not ended by the Ctrl-C that ends us, and not born ignoring the
/// signals we ignore. Whoever makes one waits for it.
public struct ChildProcess: Sendable {
  /// One of its standard streams.
  public enum Stream: Sendable {
    case null
    case ours
    /// Stays open here.
    case descriptor(Int32)
  }

  /// Why there is none.
  public struct Failure: Error {
    public let errno: Int32
  }

  public let pid: Int32

  /// Starts `words`, the first of which is a path or looked for in PATH. `isDetached`: in a session of
  /// its own, so that the end of a terminal does not end it either.
  public init(
    _ words: [String], input: Stream, output: Stream, errors: Stream, isDetached: Bool = false
  ) throws(Failure) {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    for (number, stream) in [input, output, errors].enumerated() {
      switch stream {
      case .null:
        unsafe posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
      case .descriptor(let descriptor):
        unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
      case .ours: break
      }
    }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    // POSIX_SPAWN_SETSID, which is a macro of <spawn.h> for GNU sources only
    let place = isDetached ? 0x80 : POSIX_SPAWN_SETPGROUP
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(place | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { for i in unsafe arguments.indices { unsafe free(arguments[i]) } }
    var pid: pid_t = 0
    let result = unsafe posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, environ)
    guard result == 0 else { throw Failure(errno: result) }
    self.pid = pid
  }

  /// Waits for its end; its exit status, 128 and more for a signal.
  public func wait() -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  }

  /// Ends it; it is to be waited for still.
  public func kill() { _ = Glibc.kill(pid, SIGKILL) }
}
