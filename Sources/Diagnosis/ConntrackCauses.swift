internal import FlowModel

/// Connection tracking dropped it: no rule did.
extension Cause {
  /// The table has no room for the packet's connection.
  static let conntrackFull = Cause("conntrack-full") { given in
    let dropped = given.drops.first { $0.isByNetfilter && $0.isBeforeTracking }
    guard let drop = dropped, let table = given.node.conntrack(in: drop.event.netns),
      table.limit > 0, table.growth(of: \.dropped) > 0,
      table.isFull || given.node.rule(for: drop.hop) == nil
    else { return nil }
    let netns = drop.event.netns
    let node = given.name(netns)
    return Explanation(
      cause: "conntrack-full", layer: .node, certainty: table.isFull ? .certain : .likely,
      why: table.isFull
        ? "the conntrack table of \(node) is full (\(table.count) of \(table.limit)): what belongs "
          + "to no known connection is dropped"
        : "connection tracking on \(node) dropped it for want of room; there is room again",
      evidence: [
        "\(given.count(drop.way)) dropped in \(given.placeText(drop.hop)) before any NAT or filter "
          + "rule: \(drop.reason)",
        "nf_conntrack_count = \(table.count), nf_conntrack_max = \(table.limit) in \(node) now",
        "conntrack -S of \(node): \(table.text("drop", \.dropped)), "
          + table.text("early_drop", \.evicted),
      ],
      check: [
        given.run(
          "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max", in: netns),
        given.run("conntrack -S", in: netns),
        "dmesg | grep 'nf_conntrack: table full'",
      ],
      fix: "sysctl -w net.netfilter.nf_conntrack_max=\(table.limit * 2) on the node itself (pods "
        + "and namespaces can't; kube-proxy sets it from conntrack.maxPerCore), and find who opens "
        + "so many connections: conntrack -L")
  }

  /// NAT made of two packets at once what only one entry can stand for.
  static let conntrackRace = Cause("conntrack-race") { given in
    let dropped = given.drops.first { $0.isByNetfilter && $0.isAtConfirmation }
    guard let drop = dropped, let table = given.node.conntrack(in: drop.event.netns),
      table.growth(of: \.insertFailed) > 0
    else { return nil }
    let netns = drop.event.netns
    let node = given.name(netns)
    let tuple = drop.event.tuple
    var evidence = [
      "\(given.count(drop.way)) dropped on \(node) behind all chains of "
        + "\(drop.hop.netfilterHook ?? .postrouting), where its new conntrack entry is inserted"
    ]
    let rival = given.flow.rivals.first
    if let rival {
      evidence.append(
        "\(rival) was on its way as well, and NAT made the same of both, \(tuple): its entry was "
          + "there first")
    } else {
      evidence.append("another packet's entry had \(tuple) first")
    }
    evidence.append("conntrack -S of \(node): \(table.text("insert_failed", \.insertFailed))")
    let isDNS = given.flow.original.destination.port == 53
    return Explanation(
      cause: "conntrack-race", layer: .service,
      certainty: rival == nil ? .likely : .certain,
      why: "two packets raced for one conntrack entry on \(node), this one lost"
        + (isDNS ? ": the client asks again after its timeout, 5 s by default" : ""),
      evidence: evidence,
      check: [
        given.run("conntrack -S", in: netns) + "   (insert_failed)",
        given.run(
          "conntrack -L -p \("\(tuple.proto)".lowercased()) --reply-src \(tuple.destination.address)"
            + " --reply-dst \(tuple.source.address)", in: netns),
      ],
      fix: isDNS
        ? "let no two questions share a socket: options use-vc or single-request-reopen in the "
          + "pod's dnsConfig; or NodeLocal DNSCache, whose questions pass no NAT"
        : "masquerade with --random-fully; let the client use a socket of its own for each server")
  }
}

extension Drop {
  /// By a verdict, of a chain or of connection tracking.
  fileprivate var isByNetfilter: Bool {
    isFor("NETFILTER_DROP", in: "nf_hook_slow", "nf_conntrack_in", "__nf_conntrack_confirm")
  }

  /// It came in or was sent just now, and is of no connection yet.
  fileprivate var isBeforeTracking: Bool {
    (hop.netfilterHook == .prerouting || hop.netfilterHook == .output) && event.conntrack == nil
  }

  /// All that comes behind the last chains is that its entry is inserted.
  fileprivate var isAtConfirmation: Bool {
    guard let entry = event.conntrack, !entry.isConfirmed,
      let last = way.hops.last(where: { $0.action != .dropped })
    else { return false }
    switch last.event.hook {
    case .conntrackConfirm, .nfSNATDone: return true
    case .nfFilterDone: return last.event.netfilterHook == .input
    default: return false
    }
  }
}

extension ConntrackTable {
  /// `drop 12, 4 of them while tracing`.
  fileprivate func text(_ name: String, _ counter: KeyPath<Counters, UInt64>) -> String {
    let now = counters[keyPath: counter]
    guard before != nil, now > 0 else { return "\(name) \(now)" }
    return "\(name) \(now), \(growth(of: counter)) of them while tracing"
  }
}
