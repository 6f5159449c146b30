internal import CNode
internal import Glibc
internal import Processes

/// A command that was begun. Its output has to be taken to its end by ``finish()``.
final class RunningCommand {
  /// More is taken for a fault, not for a ruleset.
  private static let outputLimit = 256 << 20
  private static let errorLimit = 1 << 20
  /// Seconds.
  private static let timeLimit = 30

  private var child: ChildProcess?
  private var output: Int32 = -1
  private var errors: Int32 = -1
  /// Known without running it.
  private var outcome: NodeCommand.Outcome?

  init(_ outcome: NodeCommand.Outcome) { self.outcome = outcome }

  init(_ file: String, _ arguments: [String]) {
    var (outputEnd, errorEnd): (Int32, Int32) = (-1, -1)
    output = unsafe kft_pipe(&outputEnd)
    errors = unsafe kft_pipe(&errorEnd)
    do throws(ChildProcess.Failure) {
      child = try ChildProcess(
        [file] + arguments, input: .null, output: .descriptor(outputEnd),
        errors: .descriptor(errorEnd))
    } catch {
      outcome = .failed(unsafe String(cString: strerror(error.errno)))
    }
    close(outputEnd)
    close(errorEnd)
  }

  /// Takes what it prints and waits for its end, but no longer than ``timeLimit``.
  func finish() -> NodeCommand.Outcome {
    var printed: (output: [UInt8], errors: [UInt8]) = ([], [])
    var failure: String?
    if outcome == nil {
      failure = take(&printed.output, &printed.errors)
      if failure != nil { child?.kill() }
    }
    for end in [output, errors] where end >= 0 { close(end) }
    guard let child else { return outcome ?? .failed("was not begun") }
    let status = child.wait()
    if let failure { return .failed(failure) }
    if status == 0 { return .output(printed.output) }
    let told = String(decoding: printed.errors, as: UTF8.self).split(separator: "\n").first
    let end = status < 128 ? "exited(\(status))" : "signaled(\(status - 128))"
    return .failed(told.map(String.init) ?? "ended with \(end)")
  }

  /// Both pipes to their ends; what was wrong.
  private func take(_ printed: inout [UInt8], _ complaints: inout [UInt8]) -> String? {
    var chunk = [UInt8](repeating: 0, count: 65536)
    var waiting = [output, errors].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let begin = time(nil)
    while waiting.contains(where: { $0.fd >= 0 }) {
      guard time(nil) - begin < Self.timeLimit else {
        return "did not end within \(Self.timeLimit) seconds"
      }
      guard unsafe poll(&waiting, 2, 1000) > 0 else { continue }
      for i in waiting.indices where waiting[i].fd >= 0 && waiting[i].revents != 0 {
        let n = unsafe read(waiting[i].fd, &chunk, chunk.count)
        if n < 0, errno == EINTR { continue }
        if n <= 0 {
          waiting[i].fd = -1
        } else if i == 0 {
          printed += chunk[..<n]
        } else if complaints.count < Self.errorLimit {
          complaints += chunk[..<n]
        }
      }
      if printed.count > Self.outputLimit { return "printed more than \(Self.outputLimit) bytes" }
    }
    return nil
  }
}
