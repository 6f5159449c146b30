import ArgumentParser
import KernelTracing

@main struct Kflowtrace: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kflowtrace",
    abstract: "Which way did this connection go through the Service's NAT and the overlay, and "
      + "exactly where and why did it die?",
    version: "0.1.0",
    subcommands: [TraceCommand.self],
    defaultSubcommand: TraceCommand.self)
}
