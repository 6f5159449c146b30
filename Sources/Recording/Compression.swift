internal import Glibc
internal import Processes

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
  private let child: ChildProcess
  /// Our end of the pipe.
  let descriptor: Int32

  /// Starts it with `file` as its output, and a pipe from us as its input; with `isReading` the other
  /// way round. `file` stays open here.
  init(_ words: [String], file: Int32, isReading: Bool) throws(RecordingError) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .errno(.io, "pipe", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (ours, its) = isReading ? (ends[0], ends[1]) : (ends[1], ends[0])
    defer { close(its) }
    do throws(ChildProcess.Failure) {
      child = try ChildProcess(
        words, input: .descriptor(isReading ? file : its),
        output: .descriptor(isReading ? its : file), errors: .ours)
    } catch {
      close(ours)
      guard error.errno == ENOENT else { throw .errno(.unavailable, words[0], error.errno) }
      throw RecordingError(
        .unavailable,
        "\(words[0]) was not found on this node; install it, or use a name without "
          + (words[0] == "gzip" ? ".gz" : ".zst"))
    }
    descriptor = ours
  }

  /// Closes our end and waits for it; its exit status, 128 and more for a signal.
  func finish() -> Int32 {
    close(descriptor)
    return child.wait()
  }
}
