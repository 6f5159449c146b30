import Glibc
import KernelTracing
import Privileges
import Recording

/// A recording as a command reads it: what is wrong with lines is said, the others are read.
struct RecordingFiles {
  private let path: String
  private let wantsEvents: Bool
  /// Damage is told by another reading.
  private let isQuiet: Bool
  private(set) var isDamaged = false
  private var damages = 0

  /// Lines of damage that are told one by one.
  private static let damageLimit = 5

  init(path: String, events: Bool, isQuiet: Bool = false) {
    self.path = path
    self.isQuiet = isQuiet
    wantsEvents = events
  }

  /// Hands over every record with its line and the header before it, until `body` returns false.
  mutating func read(
    _ body: (Record, [UInt8], HeaderRecord?) -> Bool
  ) throws(TracingError) {
    let reader: RecordingReader
    let raised = Privilege.raise(.files)
    do throws(RecordingError) {
      defer { raised.end() }
      reader = try RecordingReader(path: path, events: wantsEvents)
    } catch {
      throw TracingError(error)
    }
    var progress = Progress("reading \(path)", of: reader.size)
    defer { progress.clear() }
    var header: HeaderRecord?
    while true {
      do {
        guard let line = try reader.next() else { break }
        if line.number % 64 == 0 { progress.show(reader.position) }
        guard let record = line.record else { continue }
        if case .header(let new) = record { header = new }
        guard body(record, line.bytes, header) else { break }
      } catch let damage as RecordingReader.Damage {
        progress.clear()
        note(damage)
      } catch {
        progress.clear()
        Output.note("kflowtrace: \(error)")
        isDamaged = true
        break
      }
    }
    if damages > Self.damageLimit, !isQuiet {
      Output.note("kflowtrace: \(path): \(damages - Self.damageLimit) more lines can't be read")
    }
  }

  private mutating func note(_ damage: RecordingReader.Damage) {
    isDamaged = true
    damages += 1
    if damages <= Self.damageLimit, !isQuiet {
      Output.note("kflowtrace: \(path):\(damage.number): \(damage.reason)")
    }
  }
}

/// How far something slow has come: on a terminal only, once it has taken a second.
struct Progress {
  private let title: String
  private let total: Int
  private let begin = Session.now()
  private var last: UInt64 = 0
  private var isShown = false
  private let isTerminal = isatty(2) == 1 && isatty(1) == 0

  init(_ title: String, of total: Int) {
    self.title = title
    self.total = total
  }

  mutating func show(_ done: Int) {
    let now = Session.now()
    guard isTerminal, total > 0, now - begin > 1_000_000_000, now - last > 100_000_000 else {
      return
    }
    last = now
    isShown = true
    let share = min(100, done * 100 / total)
    let bar =
      String(repeating: "█", count: share / 5) + String(repeating: "░", count: 20 - share / 5)
    let rate = Double(done) / 1e6 / (Double(now - begin) / 1e9)
    let text = "\r\u{1b}[K\(title)  \(bar) \(share) %  \(Int(rate)) MB/s"
    _ = Output.write(Array(text.utf8), to: 2)
  }

  mutating func clear() {
    guard isShown else { return }
    isShown = false
    _ = Output.write(Array("\r\u{1b}[K".utf8), to: 2)
  }
}
