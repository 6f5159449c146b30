internal import Subprocess

/// A command of the node, run in one of its network namespaces.
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
  /// The namespace's file; `nil`: ours.
  var netns: String?

  /// More is taken for a fault, not for a ruleset.
  private static let outputLimit = 256 << 20
  private static let errorLimit = 1 << 20
  private static let timeLimit = Duration.seconds(30)

  /// Where iptables is on nodes whose PATH, as a daemon or by `sudo`, leaves it out.
  private static let fallback = Environment.inherit.updating([
    "PATH": [
      "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
      "/run/current-system/sw/bin", "/var/lib/rancher/k3s/data/current/bin/aux",
    ].joined(separator: ":")
  ])

  /// Runs it to its end, but no longer than ``timeLimit``.
  func run() async -> Outcome {
    guard let environment = await environment() else { return .notFound }
    return await withTaskGroup(of: Outcome?.self) { group in
      group.addTask { await run(environment) }
      group.addTask {
        try? await Task.sleep(for: Self.timeLimit)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first ?? .failed("did not end within \(Self.timeLimit)")
    }
  }

  /// The environment whose PATH has the command, and `nsenter` if it can; `nil` if none has.
  private func environment() async -> Environment? {
    let inherited = Environment.inherit
    let isComplete = await has(name, inherited)
    if isComplete, netns == nil { return inherited }
    if isComplete, await has("nsenter", inherited) { return inherited }
    return await has(name, Self.fallback) ? Self.fallback : isComplete ? inherited : nil
  }

  /// Whether it would be found.
  func exists() async -> Bool { await environment() != nil }

  private func has(_ name: String, _ environment: Environment) async -> Bool {
    (try? await Executable.name(name).resolveExecutablePath(in: environment)) != nil
  }

  private func run(_ environment: Environment) async -> Outcome {
    var words = [name] + arguments
    if let netns { words = ["nsenter", "--net=\(netns)"] + words }
    do {
      let result = try await Subprocess.run(
        .name(words[0]), arguments: Arguments(Array(words.dropFirst())),
        environment: environment, output: .bytes(limit: Self.outputLimit),
        error: .string(limit: Self.errorLimit))
      if result.terminationStatus.isSuccess { return .output(result.standardOutput) }
      let told = result.standardError.split(separator: "\n").first.map(String.init)
      return .failed(told ?? "ended with \(result.terminationStatus)")
    } catch let error as SubprocessError where error.code == .executableNotFound {
      return .failed("\(words[0]) was not found on this node")
    } catch {
      return .failed("\(error)")
    }
  }
}

/// Commands of the node by name.
public enum NodeCommands {
  /// Those of `names` that are there, in the PATH or where nodes have them.
  public static func present(_ names: [String]) async -> Set<String> {
    var found: Set<String> = []
    for name in names where await NodeCommand(name: name).exists() { found.insert(name) }
    return found
  }
}
