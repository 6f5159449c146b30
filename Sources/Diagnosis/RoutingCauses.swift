internal import FlowModel

/// What keeps a node from passing a packet on.
extension Cause {
  /// The node is no router: packets for others die on arrival.
  static let forwardingDisabled = Cause("forwarding-disabled") { given in
    // IPv6 frees it without a reason in ip6_forward
    let found = given.drops.first {
      $0.isFor("IP_INADDRERRORS", in: "ip_error", "ip_forward", "ip6_forward")
    }
    guard let drop = found else { return nil }
    let event = drop.event
    let isIPv4 = event.tuple.destination.address.isIPv4
    let device = given.node.interfaceName(event.interface, in: event.netns)
    // IPv4 asks the device it came in by, IPv6 the namespace (before 6.13)
    let settings =
      isIPv4
      ? ["net/ipv4/conf/\(device)/forwarding", "net/ipv4/ip_forward"]
      : ["net/ipv6/conf/all/forwarding"]
    guard let setting = settings.first(where: { given.node.setting($0, in: event.netns) == "0" })
    else { return nil }
    let global = isIPv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding"
    let isGlobal = given.node.setting(settings.last ?? setting, in: event.netns) == "0"
    let name = isGlobal ? global : setting.replacing("/", with: ".")
    return Explanation(
      cause: "forwarding-disabled", layer: .node, certainty: .certain,
      why: "\(given.name(event.netns)) does not forward packets: \(name) is 0",
      evidence: [
        "\(given.count(drop.way)) for \(event.tuple.destination) dropped in "
          + "\(given.placeText(drop.hop)) coming in by \(device)",
        "\(name) = 0 now",
      ],
      check: [given.run("sysctl \(name)", in: event.netns)],
      fix: "sysctl -w \(name)=1 on \(given.name(event.netns)), and keep it in /etc/sysctl.d; "
        + "something (a firewall tool, a hardening profile) has set it back")
  }

  /// The answer would not leave by the device the packet came in by.
  static let reversePathFilter = Cause("rp-filter") { given in
    guard let drop = given.drops.first(where: { $0.isFor("IP_RPFILTER") }) else { return nil }
    let event = drop.event
    let device = given.node.interfaceName(event.interface, in: event.netns)
    let source = event.tuple.source.address
    var evidence = [
      "\(given.count(drop.way)) from \(source) dropped in \(given.placeText(drop.hop)), in by "
        + "\(device)"
    ]
    if let network = given.node.network(of: event.netns), let route = network.route(to: source) {
      let back = network.devices[route.device]?.name ?? "?"
      evidence.append("the route back to \(source) is \(route.text) dev \(back), not \(device)")
    }
    let names = ["all", device]
    let values = names.map { name in
      given.node.setting("net/ipv4/conf/\(name)/rp_filter", in: event.netns) ?? "?"
    }
    evidence.append(
      zip(names, values).map { "net.ipv4.conf.\($0).rp_filter = \($1)" }.joined(separator: ", ")
        + " (the larger one holds; 1 is strict)")
    return Explanation(
      cause: "rp-filter", layer: .node, certainty: .certain,
      why:
        "the reverse path filter of \(given.name(event.netns)) drops what comes in by \(device): "
        + "its route to \(source) leads elsewhere",
      evidence: evidence,
      check: [
        given.run("ip route get \(source)", in: event.netns),
        given.run(
          "sysctl net.ipv4.conf.all.rp_filter \("net.ipv4.conf.\(device).rp_filter".shellWord)",
          in: event.netns),
      ],
      fix: "correct the route to \(source), or set net.ipv4.conf.\(device).rp_filter and "
        + "net.ipv4.conf.all.rp_filter to 0, or to 2 (loose)")
  }

  /// The routing table knows no way.
  static let noRoute = Cause("no-route") { given in
    let found = given.drops.first {
      $0.isFor("IP_INNOROUTES", "IP_OUTNOROUTES", in: "ip_error", "ip6_pkt_drop", "ip6_pkt_discard")
    }
    guard let drop = found else { return nil }
    let event = drop.event
    let target = event.tuple.destination.address
    var evidence = [
      "\(given.count(drop.way)) for \(event.tuple.destination) dropped in "
        + "\(given.name(event.netns)): no route"
    ]
    if let network = given.node.network(of: event.netns) {
      if let route = network.route(to: target) {
        // a unicast route that is there now was not there then, or is in another table
        evidence.append("the main table has \(route.text) for it now")
      } else {
        let known = network.routes.filter { $0.network.isIPv4 == target.isIPv4 && $0.length > 0 }
        evidence.append(
          "none of its \(known.count) routes covers \(target), and there is no default route")
      }
    }
    return Explanation(
      cause: "no-route", layer: .podNetwork, certainty: drop.certainty,
      why: "\(given.name(event.netns)) has no route to \(target)"
        + (given.flow.translated == nil ? "" : ", where the Service's DNAT sent it"),
      evidence: evidence,
      check: [
        given.run("ip route get \(target)", in: event.netns),
        given.run("ip \(target.isIPv4 ? "" : "-6 ")route", in: event.netns),
      ],
      fix: "the CNI's agent has to add the route to the pods of that node; see its log on "
        + "\(given.name(event.netns))")
  }

  /// Two nodes that send it to each other until its TTL is used up.
  static let routingLoop = Cause("routing-loop") { given in
    for drop in given.drops {
      let arrivals = drop.way.hops.filter {
        $0.event.hook == .tcIngress || $0.event.hook == .ipReceive
      }
      // where it came by most often, and with which TTLs
      let visits = Dictionary(grouping: arrivals) { [$0.event.netns, $0.event.interface] }
      guard
        let most = visits.values.max(by: { $0.count < $1.count }),
        Set(most.map(\.event.ttl)).count >= 3, let first = most.first, let last = most.last
      else { continue }
      let places = arrivals.filter { $0.event.ttl <= first.event.ttl }.map(\.event.netns)
      var order: [UInt32] = []
      for place in places where !order.contains(place) { order.append(place) }
      let target = last.event.tuple.destination.address
      var evidence = [
        "\(given.count(drop.way)) came by \(given.name(first.event.netns)) "
          + "\(given.node.interfaceName(first.event.interface, in: first.event.netns)) "
          + "\(most.count) times, TTL \(first.event.ttl) down to \(last.event.ttl)"
      ]
      for netns in order {
        guard let network = given.node.network(of: netns), let route = network.route(to: target)
        else {
          continue
        }
        evidence.append(
          "\(given.name(netns)) sends it by \(route.text) dev \(network.devices[route.device]?.name ?? "?")"
        )
      }
      if !given.icmpErrors(type: 11).isEmpty || !given.icmpErrors(type: 3, code: 0).isEmpty {
        evidence.append("an ICMP time-exceeded went back")
      }
      return Explanation(
        cause: "routing-loop", layer: .podNetwork, certainty: .certain,
        why: "\(order.map(given.name).joined(separator: " and ")) send packets for \(target) to "
          + "each other until their TTL is used up",
        evidence: evidence,
        check: order.map { given.run("ip route get \(target)", in: $0) },
        fix: "one of these routes is wrong: the CNI's routes of both nodes do not agree on where "
          + "\(target) is")
    }
    return nil
  }
}
