internal import Glibc

/// How a recording is compressed: by the program whose format it is.
enum Compression: String, CaseIterable {
  case gzip
  case zstd

  /// By the file's name.
  init?(name: String) {
    if name.hasSuffix(".gz") {
      self = .gzip
    } else if name.hasSuffix(".zst") {
      self = .zstd
    } else {
      return nil
    }
  }

  /// By a file's first bytes (RFC 1952, RFC 8878).
  init?(magic: [UInt8]) {
    if magic.starts(with: [0x1f, 0x8b]) {
      self = .gzip
    } else if magic.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
      self = .zstd
    } else {
      return nil
    }
  }

  var compress: [String] { [rawValue, "-q", "-c", self == .gzip ? "-6" : "-3"] }
  var decompress: [String] { [rawValue, "-q", "-dc"] }
}

/// A program between us and a file. It is in a process group of its own, so that Ctrl-C ends us and it
/// writes what it still has; if we are killed it sees the end of its input and does the same.
struct FilterProcess {
  let pid: pid_t
  /// Our end of the pipe.
  let descriptor: Int32

  /// Starts it with `file` as its output, and a pipe from us as its input; with `isReading` the other
  /// way round. `file` stays open here.
  init(_ words: [String], file: Int32, isReading: Bool) throws(RecordingError) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .errno(.io, "pipe", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (ours, its) = isReading ? (ends[0], ends[1]) : (ends[1], ends[0])
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
      close(its)
    }
    unsafe posix_spawn_file_actions_adddup2(&actions, isReading ? file : its, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, isReading ? its : file, 1)
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { for i in unsafe arguments.indices { unsafe free(arguments[i]) } }
    var pid: pid_t = 0
    let result = unsafe posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, environ)
    guard result == 0 else {
      close(ours)
      if result == ENOENT {
        throw RecordingError(
          .unavailable,
          "\(words[0]) was not found on this node; install it, or use a name without "
            + (words[0] == "gzip" ? ".gz" : ".zst"))
      }
      throw .errno(.unavailable, words[0], result)
    }
    self.pid = pid
    descriptor = ours
  }

  /// Closes our end and waits for it; its exit status, 128 and more for a signal.
  func finish() -> Int32 {
    close(descriptor)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  }
}
