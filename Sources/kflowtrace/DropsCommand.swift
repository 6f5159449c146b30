import ArgumentParser
import FlowModel
import KernelTracing

/// `kflowtrace drops`: the whole node, grouped.
struct DropsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drops",
    abstract: "Watch every drop on the node, grouped by cause and place.",
    discussion: """
      On a terminal a table that is kept up to date; in a pipe or with --json an object for every \
      group that grew. Frees that are no faults are not counted. Changes nothing on the node.

      EXAMPLES
        kflowtrace drops                     the whole node, every namespace
        kflowtrace drops --netns web-pod     one namespace
        kflowtrace drops --pod 10.244.2.8    what is from or to an address
        kflowtrace drops --json --duration 60s | jq -c .diagnosis.cause

      EXIT CODE
        0   nothing was dropped
        1   something was; others as of `kflowtrace trace`
      """)

  @Option(help: "Only packets from or to this address; repeatable.")
  var pod: [String] = []

  @Option(
    help: "Only this protocol: tcp, udp, sctp, icmp, icmpv6 or a number.", completion: .protocols)
  var proto: String?

  @Option(
    help: "Only this network namespace, NAME, PATH, PID or all; repeatable.",
    completion: .namespaces)
  var netns: [String] = []

  @Option(help: "Time between two tables or rounds of objects.")
  var interval = "2s"

  @Option(help: "End after this time: 30, 30s, 5m, 1h.")
  var duration: String?

  @Option(help: "Size of the ring buffer, a power of two.")
  var buffer = "8M"

  @Flag(help: "Objects, on a terminal too.")
  var json = false

  func run() async throws {
    throw await ExitCode { () throws(TracingError) in
      var session = try await DropsSession(self)
      return try await session.run()
    }
  }

  /// Options for the tracer.
  func traceOptions() throws(TracingError) -> TraceOptions {
    var options = TraceOptions()
    options.dropsOnly = true
    options.proto = try proto.map { text throws(TracingError) in
      try IPProtocol(option: text)
    }
    options.ringBytes = try Int(bytes: buffer, option: "--buffer")
    for text in pod { options.matches.sides.insert(try AddressTarget(text, option: "--pod").side) }
    options.namespaces = try NetworkNamespace.list(netns)
    return options
  }
}
