internal import Glibc

/// A command of the node, run in the network namespace of the thread that runs it.
struct NodeCommand {
  /// What came of it.
  enum Outcome {
    case output([UInt8])
    case notFound
    /// A sentence without the command's name.
    case failed(String)
  }

  var name: String
  var arguments: [String] = []

  /// Where iptables is on nodes whose PATH, as a daemon or by `sudo`, leaves it out.
  private static let fallback = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    "/run/current-system/sw/bin", "/var/lib/rancher/k3s/data/current/bin/aux",
  ]

  /// Its file, in the PATH or where nodes have it.
  private var file: String? {
    let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
    let folders = path.split(separator: ":").map(String.init) + Self.fallback
    return folders.lazy.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
  }

  /// Whether it would be found.
  var exists: Bool { file != nil }

  /// Runs it to its end.
  func run() -> Outcome { start().finish() }

  /// Begins it: several may run side by side.
  func start() -> RunningCommand {
    guard let file else { return RunningCommand(.notFound) }
    return RunningCommand(file, arguments)
  }
}

/// Commands of the node by name.
public enum NodeCommands {
  /// Those of `names` that are there, in the PATH or where nodes have them.
  public static func present(_ names: [String]) -> Set<String> {
    Set(names.filter { NodeCommand(name: $0).exists })
  }
}
