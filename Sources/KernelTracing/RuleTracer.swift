internal import CLibbpf
public import FlowModel
internal import Glibc

/// Has the kernel tell which rules of nf_tables the selected packets meet.
///
/// The one thing that changes a node: a table named `kflowtrace-…` in each namespace, which belongs
/// to a socket of this process, so that the kernel removes it with the process, however that ends
/// (`nft_rcv_nl_event()` of net/netfilter/nf_tables_api.c).
public final class RuleTracer {
  private final class Place {
    let namespace: NetworkNamespace
    let table: String
    /// The table goes when this is closed.
    let owner: NetfilterSocket
    let monitor: NetfilterSocket
    var reader = RuleTraceReader()

    init(
      _ namespace: NetworkNamespace, _ table: String, _ owner: NetfilterSocket,
      _ monitor: NetfilterSocket
    ) {
      self.namespace = namespace
      self.table = table
      self.owner = owner
      self.monitor = monitor
    }
  }

  private struct Seen {
    var netns: UInt32
    /// CLOCK_BOOTTIME, ns, when it was read.
    var time: UInt64
    var death: RuleTraceReader.Death
  }

  private var places: [Place]
  /// The latest, oldest first.
  private var seen: [Seen] = []
  private static let seenLimit = 20_000
  /// ns between a packet's end and the reading of a trace about it or another of its kind, at most.
  private static let patience: UInt64 = 30_000_000_000
  /// Times messages were lost because they came faster than they were read.
  public private(set) var overruns = 0

  /// The names of the tables made; one for each namespace.
  public var tables: [String] { places.map(\.table) }

  /// Makes the tables for what is selected in the namespaces of the options, or the current one.
  /// Throws with none left.
  public init(_ options: TraceOptions) throws(TracingError) {
    let namespaces =
      options.namespaces.isEmpty ? [try NetworkNamespace.current()] : options.namespaces
    var places: [Place] = []
    for namespace in namespaces {
      places.append(
        try namespace.inside { () throws(TracingError) in
          try Self.open(namespace, options)
        })
    }
    self.places = places
  }

  private static func open(
    _ namespace: NetworkNamespace, _ options: TraceOptions
  ) throws(TracingError) -> Place {
    let owner = try NetfilterSocket()
    let monitor = try NetfilterSocket(group: Int(NFNLGRP_NFTRACE.rawValue))
    // no other socket of the namespace has that number now
    let table = "\(RuleTraceTable.prefix)\(owner.port)"
    let request = RuleTraceTable.messages(table, options.matches, only: options.proto)
    try owner.send(request.bytes)
    var isMade = false
    while case .messages(let answers) = try owner.receive() {
      for answer in answers.compactMap(NetfilterMessage.answer) {
        if answer.error != 0 { throw refusal(answer, namespace) }
        isMade = true
      }
    }
    guard isMade else {
      throw TracingError(
        .failure, "--trace-rules: nf_tables in \(namespace.name) did not answer")
    }
    return Place(namespace, table, owner, monitor)
  }

  /// Why the kernel does not make the table, by its answer: that to the mark of the batch, number 0,
  /// is nfnetlink's, the next the table's.
  static func refusal(
    _ answer: (sequence: UInt32, error: Int32), _ namespace: NetworkNamespace
  ) -> TracingError {
    switch (answer.sequence, answer.error) {
    case (_, EPERM):
      .errno("--trace-rules: cannot make a table of nftables", EPERM, "it takes CAP_NET_ADMIN")
    case (0, EOPNOTSUPP), (0, EINVAL), (1, EAFNOSUPPORT):
      TracingError(
        .kernel,
        "--trace-rules: this kernel has no nf_tables of family inet (CONFIG_NF_TABLES_INET)")
    case (1, EOPNOTSUPP), (1, EINVAL):
      TracingError(
        .kernel,
        "--trace-rules: this kernel has no nftables tables that go with their owner (they came "
          + "with Linux 5.12), and one that may stay is not made")
    default:
      .errno(
        "--trace-rules: cannot make a table of nftables in \(namespace.name)", answer.error)
    }
  }

  /// Reads what has come, without waiting.
  public func poll() throws(TracingError) {
    for place in places { try poll(place) }
    if seen.count > Self.seenLimit { seen.removeFirst(seen.count - Self.seenLimit / 2) }
  }

  /// Lets go of the tables of namespaces that are gone, whose sockets hold these.
  public func releaseNamespaces() { places.removeAll { $0.namespace.isGone } }

  private func poll(_ place: Place) throws(TracingError) {
    // more than that is read the next time, as it comes faster than it can be told
    for _ in 0..<10_000 {
      switch try place.monitor.receive() {
      case .nothing: return
      case .overrun: overruns += 1
      case .messages(let messages):
        for message in messages {
          guard let death = place.reader.read(message) else { continue }
          seen.append(Seen(netns: place.namespace.inode, time: Self.now(), death: death))
        }
      }
    }
  }

  /// What the kernel said of the packet that an event saw die, then of others of its kind that died
  /// otherwise, each once; empty if the packet was not traced.
  public func traces(of drop: Event) -> [RuleTrace] {
    func distance(_ seen: Seen) -> UInt64 {
      seen.time > drop.time ? seen.time - drop.time : drop.time - seen.time
    }
    let near = seen.filter { $0.netns == drop.netns && distance($0) < Self.patience }
    // what is sent again may look the same
    let own = near.filter { $0.death.packet.isPacket(of: drop) }
      .min { distance($0) < distance($1) }?.death
    guard let own else { return [] }
    var traces = [own.trace]
    for other in near where other.death.packet.isAlike(own.packet) {
      if !traces.contains(other.death.trace) { traces.append(other.death.trace) }
    }
    return traces
  }

  /// All that were heard of and are kept.
  var heard: [RuleTraceReader.Death] { seen.map(\.death) }

  private static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
