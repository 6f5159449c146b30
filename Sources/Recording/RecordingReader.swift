internal import FoundationEssentials
internal import Glibc

/// One line of a recording.
public enum Record: Sendable {
  case header(HeaderRecord)
  case event(EventRecord)
  case flow(FlowRecord)
  case summary(SummaryRecord)
}

/// Reads a recording a line at a time; a file of any length takes the memory of its longest line.
public final class RecordingReader {
  /// A line and what it holds.
  public struct Line {
    /// From 1.
    public var number: Int
    /// As it is in the file, with its end.
    public var bytes: [UInt8]
    /// `nil`: a line of events that were not wanted.
    public var record: Record?
  }

  /// What is wrong with a line.
  public struct Damage: Error {
    public var number: Int
    public var reason: String
  }

  public let path: String
  /// Bytes of the file, and how many are read; 0 if it has no size.
  public let size: Int
  public var position: Int {
    path == "-" || size == 0 ? 0 : Int(max(0, lseek(file, 0, SEEK_CUR)))
  }
  private let file: Int32
  private let filter: FilterProcess?
  private let wantsEvents: Bool
  private let decoder = JSONDecoder()
  private var buffer: [UInt8]
  /// Where what has not been told begins.
  private var start = 0
  private var number = 0
  private var isAtEnd = false

  /// Longer lines are no recording.
  private static let lineLimit = 256 << 20
  private static let chunk = 1 << 20

  /// Opens a file, `-` for stdin, and unpacks it if it is compressed.
  public init(path: String, events: Bool) throws(RecordingError) {
    self.path = path
    wantsEvents = events
    file = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .errno(.noInput, path, errno) }
    var status = stat()
    unsafe fstat(file, &status)
    if status.st_mode & S_IFMT == S_IFDIR {
      throw RecordingError(.noInput, "\(path): is a directory")
    }
    size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
    // a pipe gives its first bytes once only
    var first = [UInt8](repeating: 0, count: 4)
    let n = size > 0 ? unsafe pread(file, &first, 4, 0) : 0
    if n == 4, let compression = Compression(magic: first) {
      filter = try FilterProcess(compression.decompress, file: file, isReading: true)
    } else {
      filter = nil
    }
    buffer = []
  }

  deinit {
    _ = filter?.finish()
    if path != "-" { close(file) }
  }

  /// The next line; `nil` at the end. Throws `Damage` for a line that can't be read, and can go on
  /// after it.
  public func next() throws -> Line? {
    while let line = try nextBytes() {
      number += 1
      // an empty line says nothing
      if line.count <= 1 { continue }
      return Line(number: number, bytes: line, record: try record(line))
    }
    return nil
  }

  private func record(_ line: [UInt8]) throws -> Record? {
    guard line.last == 10 else {
      throw Damage(number: number, reason: "it ends in the middle of the line")
    }
    if !wantsEvents, line.starts(with: Self.eventStart) { return nil }
    if let complaint = NumberCheck.complaint(line) {
      throw Damage(number: number, reason: complaint)
    }
    let data = Data(line)
    do {
      let kind = try decoder.decode(Kind.self, from: data)
      guard kind.schema == Schema.name else {
        throw Damage(
          number: number,
          reason:
            "schema \(kind.schema ?? "") is not \(Schema.name); a newer kflowtrace may read it")
      }
      switch kind.type {
      case "header": return .header(try decoder.decode(HeaderRecord.self, from: data))
      case "flow": return .flow(try decoder.decode(FlowRecord.self, from: data))
      case "summary": return .summary(try decoder.decode(SummaryRecord.self, from: data))
      case "event":
        return wantsEvents ? .event(try decoder.decode(EventRecord.self, from: data)) : nil
      default:
        throw Damage(number: number, reason: "type \(kind.type ?? "") is none of \(Schema.name)")
      }
    } catch let error as DecodingError {
      throw Damage(number: number, reason: error.reason)
    }
  }

  private struct Kind: Decodable {
    var schema: String?
    var type: String?
  }

  /// As our own lines begin.
  private static let eventStart = Array("{\"schema\":\"\(Schema.name)\",\"type\":\"event\",".utf8)

  private func nextBytes() throws -> [UInt8]? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 10) {
        defer { start = end + 1 }
        return Array(buffer[start...end])
      }
      searched = buffer.count
      if isAtEnd {
        defer { start = buffer.count }
        return start < buffer.count ? Array(buffer[start...]) : nil
      }
      guard buffer.count - start < Self.lineLimit else {
        isAtEnd = true
        start = buffer.count
        throw Damage(number: number + 1, reason: "it is longer than any line of a recording")
      }
      let done = start
      buffer.removeSubrange(..<done)
      start = 0
      searched -= done
      try fill()
    }
  }

  private func fill() throws {
    let source = filter?.descriptor ?? file
    let before = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.chunk))
    var n = -1
    repeat {
      n = unsafe buffer.withUnsafeMutableBytes { raw in
        unsafe read(source, raw.baseAddress?.advanced(by: before), Self.chunk)
      }
    } while n < 0 && errno == EINTR
    let code = errno
    buffer.removeLast(Self.chunk - max(0, n))
    if n < 0 { throw RecordingError.errno(.io, path, code) }
    if n == 0 { isAtEnd = true }
  }
}

extension DecodingError {
  /// One clause for people.
  fileprivate var reason: String {
    func place(_ context: Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
        .joined(separator: ".")
    }
    switch self {
    case .keyNotFound(let key, let context):
      let place = place(context)
      return "\(place.isEmpty ? "" : "\(place): ")\"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(place(context)): \(context.debugDescription)"
    case .dataCorrupted(let context):
      let place = place(context)
      return place.isEmpty ? "it is no JSON" : "\(place): \(context.debugDescription)"
    @unknown default: return "it can't be read"
    }
  }
}
