internal import FlowModel

extension Drop {
  /// Nobody answered for the next hop's address.
  var isUnresolved: Bool {
    isFor(
      "NEIGH_FAILED", "NEIGH_CREATEFAIL", "NEIGH_QUEUEFULL", "NEIGH_DEAD",
      in: "neigh_invalidate", "__neigh_event_send", "arp_error_report", "ndisc_error_report")
  }
}

/// The last step on a wire or a bridge.
extension Cause {
  /// The device, or the bridge port behind it, is down.
  static let deviceDown = Cause("device-down") { given in
    for drop in given.drops {
      let event = drop.event
      guard drop.isFor("DEV_READY", in: "__dev_queue_xmit", "veth_xmit") || drop.isUnresolved,
        let network = given.node.network(of: event.netns),
        let device = network.devices[given.index(event)]
      else { continue }
      let ports = network.devices.values.filter { $0.controller == device.index }
      // a bridge with a dead port that nobody answers on: the one who should is behind it
      guard
        let down = device.isUp && device.hasCarrier
          ? ports.filter({ !$0.isUp || !$0.hasCarrier }).min(by: { $0.index < $1.index }) : device
      else { continue }
      let state = down.isUp ? "has no carrier (its other end is down)" : "is set down"
      let others = ports.filter { (!$0.isUp || !$0.hasCarrier) && $0 != down }.count
      return Explanation(
        cause: "device-down", layer: .podNetwork,
        certainty: down == device || others == 0 && ports.count == 1 ? .certain : .likely,
        why: "device \(down.name) of \(given.name(event.netns)) \(state)"
          + (down == device
            ? "" : ": nobody behind it can answer for \(event.tuple.destination.address)"),
        evidence: [
          "\(given.count(drop.way)) for \(event.tuple.destination) dropped in "
            + "\(given.name(event.netns)) on \(device.name): \(drop.reason)",
          "\(down.name): \(down.isUp ? "up" : "not up"), "
            + "\(down.hasCarrier ? "carrier" : "no carrier")"
            + (down == device ? "" : ", a port of \(device.name)")
            + (others > 0 ? "; \(others) more ports are down" : ""),
        ],
        check: [given.run("ip link show \(down.name.shellWord)", in: event.netns)],
        fix: down.isUp
          ? "bring up the other end of \(down.name), in the pod; see the CNI's log"
          : given.run("ip link set \(down.name.shellWord) up", in: event.netns))
    }
    return nil
  }

  /// The next hop's address is nobody's on that link.
  static let neighbourFailed = Cause("neighbour-failed") { given in
    guard let drop = given.drops.first(where: \.isUnresolved) else { return nil }
    let event = drop.event
    let target = event.tuple.destination.address
    let device = given.device(event)
    let network = given.node.network(of: event.netns)
    let hop = network?.route(to: target)?.gateway ?? target
    let entry = network?.neighbour(hop, on: given.index(event))
    let question = target.isIPv4 ? "ARP" : "neighbour solicitation"
    var evidence = [
      "\(given.count(drop.way)) for \(event.tuple.destination) dropped in "
        + "\(given.name(event.netns)) on \(device): \(drop.reason)",
      "neighbour entry of \(hop) on \(device): \(entry?.state ?? "none now")",
    ]
    if !given.icmpErrors(type: 3, code: 1).isEmpty || !given.icmpErrors(type: 1, code: 3).isEmpty {
      evidence.append("the client was told by an ICMP host-unreachable")
    }
    return Explanation(
      cause: "neighbour-failed", layer: .podNetwork, certainty: drop.certainty,
      why: "nobody on \(device) of \(given.name(event.netns)) answers \(question) for \(hop)",
      evidence: evidence,
      check: [
        given.run("ip neigh show dev \(device.shellWord)", in: event.netns),
        given.run("arping -c 2 -I \(device.shellWord) \(hop)", in: event.netns),
      ],
      fix: hop == target
        ? "the pod is gone or has lost its address: see whether the endpoint \(target) is a pod of "
          + "this node, and its `ip addr`"
        : "the gateway \(hop) is down or on another link")
  }
}
