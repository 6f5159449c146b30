import ArgumentParser
import FlowModel
import KernelTracing

/// `kflowtrace --svc …`: the options, checked and handed to a session.
struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Trace connections live (the default).",
    discussion: """
      One line for every healthy connection, a timeline with an explanation for every one that \
      failed, a summary at the end. Changes nothing on the node but with --trace-rules.

      EXAMPLES
        kflowtrace --svc 10.96.0.50              all its ports and endpoints
        kflowtrace --svc default/web             the same by its name
        kflowtrace --svc kube-system/kube-dns    every name asked, and its answer
        kflowtrace --pod 10.244.1.5 --dns        a pod's traffic, lookups decoded
        kflowtrace --dns                         every lookup on the node
        kflowtrace --pod 10.244.1.5 --drops-only failures of a pod's traffic
        kflowtrace --flow 10.244.1.5,10.244.2.8:8080 --duration 30s --json
        kflowtrace --svc default/web --netns all every namespace's devices
        kflowtrace --svc default/web --record web.json.gz
        kflowtrace --svc default/web --trace-rules which rule drops it

      EXIT CODE
        0   no failure seen
        1   at least one connection failed
        64  wrong usage
        69  the kernel can't
        70  failed while tracing
        73  the file of --record can't be created
        74  it could not be written to its end
        77  a capability is missing
      """)

  @Option(help: "Service as IP[:PORT][/PROTO] or [NAMESPACE/]NAME; repeatable.")
  var svc: [String] = []

  @Option(help: "Everything from or to this address; repeatable.")
  var pod: [String] = []

  @Option(help: "Packets between two addresses, SRC[:PORT],DST[:PORT]; repeatable.")
  var flow: [String] = []

  @Flag(help: "Every packet on the node.")
  var all = false

  @Option(
    help: "Only this protocol: tcp, udp, sctp, icmp, icmpv6 or a number.", completion: .protocols)
  var proto: String?

  @Flag(help: "Show failed connections only; alone, watch drops of the whole node.")
  var dropsOnly = false

  @Option(help: "Watch only this device with tc; repeatable.", completion: .interfaces)
  var iface: [String] = []

  @Option(
    help: ArgumentHelp(
      "Network namespace NAME, PATH, PID or all; repeatable.",
      discussion: "Devices and netfilter links are attached there instead of in the current one, "
        + "and hooks that see every namespace are narrowed to these."),
    completion: .namespaces)
  var netns: [String] = []

  @Flag(
    help: ArgumentHelp(
      "Have the kernel tell the rule that drops a packet.",
      discussion: "Changes the node: while it runs, each traced namespace has an nftables table "
        + "kflowtrace-N that sets nftrace for what --svc, --pod and --flow select, both ways. It "
        + "goes with the process, kill -9 included. Costs time for each of these packets. Takes "
        + "Linux 5.12. Rules of iptables-legacy, and packets while in a tunnel, are not traced."))
  var traceRules = false

  @Option(help: "End after this time: 30, 30s, 5m, 1h.")
  var duration: String?

  @Option(help: "End after this many finished connections.")
  var flows: Int?

  @Option(
    help: "How netfilter is watched: auto, kprobe or netfilter.", completion: .backends)
  var backend = "auto"

  @Option(help: "Size of the ring buffer, a power of two.")
  var buffer = "8M"

  @Option(
    help: ArgumentHelp(
      "Memory for connections that are under way.",
      discussion: "One takes 1 KB, and 200 bytes for each sighting of the packets kept of it. When "
        + "there are too many, those that were finished first are forgotten, and then those "
        + "that are quiet for longest are told before their end."))
  var memory = "160M"

  @Option(help: "UDP ports that carry VXLAN or Geneve, comma-separated.")
  var tunnelPorts = "8472,4789,6081"

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Decode DNS on port 53: names, answers, latency, retries.",
      discussion: "The default where port 53 is selected, as by the Service kube-dns. Alone it "
        + "selects port 53. It reads the first 254 bytes of those packets, and no others."))
  var dns: Bool?

  @Flag(help: "One JSON object a finished connection, a line each.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Keep every event and every connection in FILE; - is stdout.",
      discussion: "JSON lines for `kflowtrace replay` and `export`, compressed if the name ends in "
        + ".gz or .zst. Readable by its owner only.",
      valueName: "file"),
    completion: .file())
  var record: String?

  @Flag(help: "Replace the file that --record names.")
  var force = false

  @Option(help: "Begin another file, FILE.2 and so on, after this much: 512M, 2G.")
  var rotate: String?

  @Flag(
    name: .shortAndLong,
    help: "Timelines of healthy connections, too; twice: every hop of every packet kept.")
  var verbose: Int

  func run() async throws {
    throw await ExitCode(isVerbose: verbose > 0) { () throws(TracingError) in
      var session = try await Session(self)
      return try await session.run()
    }
  }

  // MARK: - What the options mean

  /// Options for the tracer but for what has to be selected.
  func traceOptions() throws(TracingError) -> TraceOptions {
    var options = TraceOptions()
    guard backend == "auto" || Backend(rawValue: backend) != nil else {
      throw TracingError(.usage, "--backend \(backend): choose auto, kprobe or netfilter")
    }
    options.backend = Backend(rawValue: backend)
    options.proto = try proto.map { text throws(TracingError) in
      try IPProtocol(option: text)
    }
    options.ringBytes = try Int(bytes: buffer, option: "--buffer")
    options.tunnelPorts = []
    for part in tunnelPorts.split(separator: ",") {
      guard let port = UInt16(part), port > 0 else {
        throw TracingError(.usage, "--tunnel-ports \(part): ports are 1 to 65535")
      }
      options.tunnelPorts.append(port)
    }
    guard options.tunnelPorts.count <= 4 else {
      throw TracingError(.usage, "--tunnel-ports: four at most")
    }
    if !iface.isEmpty { options.interfaces = Set(iface) }
    if let flows, flows < 1 {
      throw TracingError(.usage, "--flows \(flows): write a number from 1")
    }
    guard all || dropsOnly || dns == true || !(svc.isEmpty && pod.isEmpty && flow.isEmpty) else {
      throw TracingError(
        .usage,
        "say what to trace: --svc IP or NAMESPACE/NAME, --pod IP, --flow SRC,DST, --all, --dns, "
          + "or --drops-only for the whole node; --help has examples")
    }
    if record == nil, force || rotate != nil {
      throw TracingError(.usage, "--force and --rotate belong to --record FILE")
    }
    if record == "-", json || rotate != nil {
      throw TracingError(
        .usage, "--record - takes stdout for itself; leave --json and --rotate out")
    }
    guard !traceRules || (!all && !(svc.isEmpty && pod.isEmpty && flow.isEmpty)) else {
      throw TracingError(
        .usage,
        "--trace-rules: say whose packets with --svc, --pod or --flow; every packet of a node would "
          + "be too much")
    }
    guard flow.count <= 32 else { throw TracingError(.usage, "--flow: 32 at most") }
    return options
  }
}
