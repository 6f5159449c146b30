internal import FlowModel

extension Case {
  /// A packet with DF that was larger than the next device takes.
  fileprivate var oversized: Oversized? {
    let found = drops.first { drop in
      drop.isFor("PKT_TOO_BIG", in: "ip_forward", "ip6_forward", "__ip_finish_output")
        && (drop.reason == "PKT_TOO_BIG" || drop.event.length > UInt32(drop.event.mtu))
    }
    guard let drop = found else { return nil }
    let event = drop.event
    // a GSO packet is judged by its segments, headers included
    let headers = event.length > UInt32(event.payload) ? event.length - UInt32(event.payload) : 40
    return Oversized(
      drop: drop,
      size: event.gsoSize > 0 ? UInt32(event.gsoSize) + headers : event.length,
      limit: UInt32(event.mtu), device: device(event),
      tunnel: node.network(of: event.netns)?.devices[index(event)])
  }

  /// The ways of the ICMP errors that would have told the sender: fragmentation needed, or packet
  /// too big.
  fileprivate var sizeErrors: [Transmission] {
    flow.transmissions.filter { way in
      guard way.isICMPError, let first = way.first else { return false }
      return (first.icmpType == 3 && first.icmpCode == 4)
        || (first.icmpType == 2 && !first.tuple.source.address.isIPv4)
    }
  }
}

private struct Oversized {
  var drop: Drop
  /// Bytes of the packet, or of a segment.
  var size: UInt32
  var limit: UInt32
  var device: String
  /// The same, if its state is known.
  var tunnel: NetworkState.Device?

  /// What the outer headers take, by the device's kind: IPv4 20, UDP 8, VXLAN or Geneve 8,
  /// Ethernet 14.
  private var overhead: String? {
    switch tunnel?.kind {
    case "vxlan" where tunnel?.vxlan?.isOverIPv6 == true:
      "VXLAN over IPv6 takes 70 bytes of the underlay's MTU: 1500 leaves 1430"
    case "vxlan": "VXLAN takes 50 bytes of the underlay's MTU: 1500 leaves 1450"
    case "geneve":
      "Geneve takes 50 bytes of the underlay's MTU and those of its options (OVN: 8): 1500 leaves "
        + "1450 (1442)"
    case "ipip": "IP-in-IP takes 20 bytes of the underlay's MTU: 1500 leaves 1480"
    default: nil
    }
  }

  func evidence(_ given: Case, told: String) -> [String] {
    let event = drop.event
    let small = given.flow.largestPassed
    let fits = small > 0 && small <= limit
    return [
      "\(given.count(drop.way)) of \(size) bytes with DF dropped on "
        + "\(given.name(event.netns)): \(size - min(size, limit)) bytes too many for \(device)",
      told,
      fits ? "smaller packets pass: up to \(small) bytes did" : "no smaller packet of it was seen",
    ] + [overhead].compactMap { $0 }
  }

  func check(_ given: Case) -> [String] {
    let event = drop.event
    return [
      given.run("ip link show \(device.shellWord)", in: event.netns),
      "ip netns exec POD ip link show eth0   (the pod's MTU)",
      "ping -M do -s \(Int(limit) - 28) \(event.tuple.destination.address)",
    ]
  }

  var fix: String {
    "set the pods' MTU to \(limit) in the CNI's configuration and restart the pods, or raise the "
      + "underlay's MTU by \(size - min(size, limit))"
  }
}

/// Packets that are too large for their way.
extension Cause {
  /// The sender is told, or may have been.
  static let mtuExceeded = Cause("mtu-exceeded") { given in
    guard let found = given.oversized else { return nil }
    let event = found.drop.event
    let told =
      given.sizeErrors.isEmpty
      ? "no ICMP fragmentation-needed was seen"
      : "ICMP fragmentation-needed went back to \(event.tuple.source.address)"
    return Explanation(
      cause: "mtu-exceeded", layer: .podNetwork, certainty: .certain,
      why: "packets of \(found.size) bytes do not fit through \(found.device) "
        + "(MTU \(found.limit)) and may not be fragmented",
      evidence: found.evidence(given, told: told), check: found.check(given), fix: found.fix)
  }

  /// The ICMP error that would have told the sender dies: the connection hangs for good.
  static let mtuBlackhole = Cause("mtu-blackhole") { given in
    guard let found = given.oversized, !given.flow.isSettled,
      let error = given.sizeErrors.first(where: { $0.drop != nil }), let end = error.drop
    else { return nil }
    let event = found.drop.event
    let rule = given.node.rule(for: end)
    return Explanation(
      cause: "mtu-blackhole", layer: .podNetwork, certainty: .certain,
      why: "packets of \(found.size) bytes do not fit through \(found.device) "
        + "(MTU \(found.limit)), and the ICMP error that tells \(event.tuple.source.address) so "
        + "is dropped: it keeps sending them",
      evidence: found.evidence(
        given,
        told: "\(error.repeats + 1) ICMP fragmentation-needed for \(event.tuple.source.address) "
          + "dropped in \(given.placeText(end)): it never reached the sender"),
      check: found.check(given)
        + (rule.map {
          [given.listCommand($0, end.event, ipv6: !event.tuple.source.address.isIPv4)]
        } ?? []),
      fix: "let ICMP type 3 code 4 (IPv6: packet-too-big) through; and " + found.fix, rule: rule)
  }
}
