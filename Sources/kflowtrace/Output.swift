import FlowModel
import FoundationEssentials
import Glibc
import Synchronization

/// Where text goes: results to stdout, everything else to stderr.
enum Output {
  /// Whether stdout is a terminal that wants colour.
  static var isColoured: Bool {
    isatty(1) == 1 && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
  }

  /// One line for people, on stderr; names of the node may be in it.
  static func note(_ text: String) { remark(text.printable) }

  /// The same for lines that are safe on a terminal already.
  static func remark(_ text: String) { _ = write(Array((text + "\n").utf8), to: 2) }

  /// A result; false when nobody reads it any more (closed pipe, full disk).
  static func result(_ text: String) -> Bool { write(Array(text.utf8), to: 1) }

  /// The same in UTF-8.
  static func result(_ text: [UInt8]) -> Bool { write(text, to: 1) }

  /// All of it; false if the descriptor takes no more, `errno` says why.
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let n = unsafe bytes.withUnsafeBytes { raw in
        unsafe Glibc.write(descriptor, raw.baseAddress?.advanced(by: done), raw.count - done)
      }
      if n < 0 && errno == EINTR { continue }
      if n <= 0 { return false }
      done += n
    }
    return true
  }
}

/// SIGINT and SIGTERM ask the session to end in order.
enum Interruption {
  private static let asked = Atomic<Bool>(false)

  static var isAsked: Bool { asked.load(ordering: .relaxed) }

  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      _ = signal(number) { _ in Interruption.asked.store(true, ordering: .relaxed) }
    }
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
