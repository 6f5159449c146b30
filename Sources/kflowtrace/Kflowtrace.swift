import ArgumentParser
import KernelTracing
import Privileges

@main struct Kflowtrace: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "kflowtrace",
    abstract: "Which way did this connection go through the Service's NAT and the overlay, and "
      + "exactly where and why did it die?",
    discussion: """
      EXAMPLES
        kflowtrace --svc 10.96.0.50               one Service, live
        kflowtrace --svc default/web -v           healthy connections' way, too
        kflowtrace --pod 10.244.1.5 --drops-only  what fails of a pod's traffic
        kflowtrace --svc default/web --json       one object a connection
        kflowtrace --svc default/web --record web.json.gz
        kflowtrace replay web.json.gz --drops-only
        kflowtrace drops                          every drop, by cause
        kflowtrace explain IP_RPFILTER            what a drop reason means
        kflowtrace doctor                         what this node offers

      All options: kflowtrace help trace
      """,
    version: version,
    subcommands: [
      TraceCommand.self, DropsCommand.self, ReplayCommand.self, MergeCommand.self,
      ExportCommand.self,
      SchemaCommand.self,
      ExplainCommand.self, DoctorCommand.self,
    ],
    defaultSubcommand: TraceCommand.self)

  /// As ArgumentParser's, and gives up what the command has no use for. On the main thread, which is the
  /// only one yet.
  @MainActor static func main() async {
    let words = CommandLine.arguments
    if words.count == 3, words[1] == ClsactGuard.argument, let pid = UInt32(words[2]) {
      Privilege.restrict(to: .tracing)
      return ClsactGuard.stand(for: pid)
    }
    do {
      var command = try parseAsRoot()
      Privilege.restrict(to: privilege(of: command))
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      exit(withError: error)
    }
  }

  private static func privilege(of command: any ParsableCommand) -> Capabilities {
    switch command {
    case let trace as TraceCommand: trace.record == nil ? .tracing : .tracing.union(.files)
    case is DropsCommand, is DoctorCommand: .tracing
    case is ReplayCommand, is MergeCommand, is ExportCommand: .files
    default: []
    }
  }
}

extension ExitCode {
  /// Runs a session; its error is one line on stderr, with `isVerbose` its details too.
  init(
    isVerbose: Bool = false, of session: () async throws(TracingError) -> Int32
  ) async {
    do throws(TracingError) {
      self.init(try await session())
    } catch {
      Output.note("kflowtrace: \(error.message)")
      for line in error.details.split(separator: "\n") where isVerbose { Output.note(String(line)) }
      self.init(error.exitCode)
    }
  }
}
