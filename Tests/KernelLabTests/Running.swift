import Foundation
import Glibc

extension Lab {
  struct Finished {
    var status: Int32
    var output: String
    var errors: String
  }

  /// A child process with its output in files, so that no pipe can fill up.
  ///
  /// Not Foundation's `Process`: that one's end is seen by the end of a socket which the child's own
  /// children inherit, and the lab's servers live on when `lab up` has ended.
  final class Running {
    let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    private var waitStatus: Int32?

    init(_ command: [String], environment: [String: String] = [:]) throws {
      let base = NSTemporaryDirectory() + "kft-\(UUID().uuidString)"
      outputPath = base + ".out"
      errorPath = base + ".err"
      pid = try Self.spawn(
        command, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
        output: outputPath, errors: errorPath)
    }

    private static func spawn(
      _ command: [String], environment: [String: String], output: String, errors: String
    ) throws -> pid_t {
      var actions = unsafe posix_spawn_file_actions_t()
      unsafe posix_spawn_file_actions_init(&actions)
      defer { unsafe posix_spawn_file_actions_destroy(&actions) }
      let create = O_WRONLY | O_CREAT | O_TRUNC
      unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      unsafe posix_spawn_file_actions_addopen(&actions, 1, output, create, 0o600)
      unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, create, 0o600)

      // A process started from a background job would be born ignoring SIGINT.
      var attributes = posix_spawnattr_t()
      unsafe posix_spawnattr_init(&attributes)
      defer { unsafe posix_spawnattr_destroy(&attributes) }
      var signals = sigset_t()
      unsafe sigemptyset(&signals)
      unsafe posix_spawnattr_setsigmask(&attributes, &signals)
      unsafe sigfillset(&signals)
      unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
      unsafe posix_spawnattr_setflags(
        &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

      var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
      var variables = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
      defer {
        let texts = unsafe arguments + variables
        for index in unsafe texts.indices { unsafe free(texts[index]) }
      }
      var pid: pid_t = 0
      let failure = unsafe posix_spawnp(
        &pid, command[0], &actions, &attributes, &arguments, &variables)
      guard failure == 0 else {
        throw Failure(description: "\(command[0]): \(unsafe String(cString: strerror(failure)))")
      }
      return pid
    }

    /// What it has written to standard output so far.
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

    /// What it has written to standard error so far.
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    var isRunning: Bool {
      guard waitStatus == nil else { return false }
      var status: Int32 = 0
      guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return true }
      waitStatus = status
      return false
    }

    func send(_ signal: Int32) {
      if isRunning { kill(pid, signal) }
    }

    /// Waits for its end, and kills it when that takes longer than `limit` seconds.
    func wait(limit: TimeInterval = 120) throws -> Finished {
      let deadline = Date().addingTimeInterval(limit)
      while isRunning {
        guard Date() < deadline else {
          kill(pid, SIGKILL)
          while isRunning { usleep(1000) }
          throw Failure(description: "still running after \(limit) s: \(errors)")
        }
        usleep(2000)
      }
      let finished = Finished(
        status: Self.exitStatus(waitStatus ?? 0),
        output: try String(contentsOfFile: outputPath, encoding: .utf8), errors: errors)
      try FileManager.default.removeItem(atPath: outputPath)
      try FileManager.default.removeItem(atPath: errorPath)
      return finished
    }

    /// As a shell says it: 128 + the signal for a process that a signal ended.
    private static func exitStatus(_ status: Int32) -> Int32 {
      status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
  }
}
