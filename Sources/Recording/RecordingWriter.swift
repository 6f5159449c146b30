internal import Glibc

/// Writes a recording: whole lines, to a file that only its owner reads, to several in turn, or to
/// stdout.
public final class RecordingWriter {
  /// What the user named; `-` is stdout.
  public let path: String
  /// Files begun so far.
  public private(set) var files: [String] = []
  private let isForced: Bool
  /// Bytes (before compression) after which another file is begun.
  private let limit: Int?
  private let compression: Compression?
  private var file: Int32 = -1
  private var filter: FilterProcess?
  /// Bytes in this file that are whole lines, before compression.
  private var written = 0

  /// Creates the first file. An existing one is replaced with `isForced` only.
  public init(path: String, isForced: Bool, rotate limit: Int? = nil) throws(RecordingError) {
    self.path = path
    self.isForced = isForced
    self.limit = limit
    compression = path == "-" ? nil : Compression(name: path)
    try open()
  }

  /// Whether the file is as long as it should become.
  public var isFull: Bool { limit.map { written >= $0 && written > 0 } ?? false }

  /// Writes lines, each with its end. After an error what was written before is whole.
  public func write(_ lines: [UInt8]) throws(RecordingError) {
    guard file >= 0 else { return }
    let target = filter?.descriptor ?? file
    var done = 0
    while done < lines.count {
      let n = unsafe lines.withUnsafeBytes { raw in
        unsafe Glibc.write(target, raw.baseAddress?.advanced(by: done), raw.count - done)
      }
      if n < 0, errno == EINTR { continue }
      guard n > 0 else {
        let code = errno
        // whole lines of these stay, not half a one
        let whole = written + (lines[..<done].lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        if filter == nil, path != "-" { ftruncate(file, off_t(whole)) }
        throw stopped(code)
      }
      done += n
    }
    written += lines.count
  }

  /// Ends this file and begins the next one.
  public func rotate() throws(RecordingError) {
    try finish()
    try open()
  }

  /// Ends the file.
  public func finish() throws(RecordingError) {
    guard file >= 0 else { return }
    let name = files.last ?? path
    let status = filter?.finish() ?? 0
    filter = nil
    if path != "-" { close(file) }
    file = -1
    if status != 0 {
      throw RecordingError(.io, "\(name): \(compression?.rawValue ?? "") ended with \(status)")
    }
  }

  deinit { try? finish() }

  private func stopped(_ code: Int32) -> RecordingError {
    let name = files.last ?? path
    guard let filter else {
      if path != "-" { close(file) }
      file = -1
      return .errno(.io, name, code, "it is readable up to there")
    }
    let status = filter.finish()
    self.filter = nil
    close(file)
    file = -1
    return RecordingError(
      .io,
      "\(name): \(compression?.rawValue ?? "") ended with \(status) (is the disk full?); "
        + "it is readable up to there")
  }

  private func open() throws(RecordingError) {
    written = 0
    guard path != "-" else {
      file = 1
      return
    }
    let name = Self.name(path, files.count + 1)
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (isForced ? O_TRUNC : O_EXCL)
    file = unsafe Glibc.open(name, flags, 0o600)
    guard file >= 0 else {
      let code = errno
      throw code == EEXIST
        ? RecordingError(.cannotCreate, "\(name) exists; --force replaces it")
        : .errno(.cannotCreate, "can't create \(name)", code)
    }
    if isForced { fchmod(file, 0o600) }
    if let compression {
      do throws(RecordingError) {
        filter = try FilterProcess(compression.compress, file: file, isReading: false)
      } catch {
        close(file)
        file = -1
        unsafe unlink(name)
        throw error
      }
    }
    files.append(name)
  }

  /// `trace.json`, `trace.2.json`, `trace.3.json`; before `.json.gz`, too.
  static func name(_ path: String, _ number: Int) -> String {
    guard number > 1 else { return path }
    let folder = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let first = path[folder...].dropFirst().firstIndex(of: ".") ?? path.endIndex
    return "\(path[..<first]).\(number)\(path[first...])"
  }
}
