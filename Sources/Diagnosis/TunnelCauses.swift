internal import FlowModel

extension Case {
  /// The last time the client's or the server's packets went into a tunnel: the transmission
  /// and the hop.
  func lastEncapsulation(_ way: Transmission) -> (outer: Tuple, vni: UInt32, index: Int)? {
    for (i, hop) in way.hops.enumerated().reversed() {
      if case .encapsulated(let outer, let vni) = hop.action { return (outer, vni, i) }
    }
    return nil
  }
}

extension Cause {
  /// The outer UDP packet dies: on a node by a rule, or between two nodes that are both traced.
  static let tunnelBlocked = Cause("tunnel-blocked") { given in
    if let (way, hop) = given.filterDrop, case .tunnel(let outer, let vni) = hop.event.carrier {
      let rule = given.node.rule(for: hop)
      return Explanation(
        cause: "tunnel-blocked", layer: .podNetwork, certainty: rule?.certainty ?? .likely,
        why: "a firewall rule on \(given.node.namespaceName(hop.event.netns)) drops the overlay's "
          + "UDP port \(outer.destination.port): no pod traffic gets through from "
          + "\(outer.source.address)",
        evidence: [
          "\(given.count(way)) dropped in \(given.placeText(hop)) as outer packet \(outer), VNI \(vni)",
          "inside it: \(hop.event.tuple)",
        ],
        check: [
          rule.map { given.listCommand($0, hop.event, ipv6: !outer.source.address.isIPv4) }
            ?? "iptables-save -c",
          "tcpdump -ni any udp port \(outer.destination.port)",
        ],
        fix:
          "allow UDP \(outer.destination.port) between the nodes (host firewall, security group)",
        rule: rule)
    }
    // both ends are traced, and what one sent the other has never seen
    guard let way = given.unanswered, let (outer, vni, index) = given.lastEncapsulation(way),
      let peer = given.node.namespace(owning: outer.destination.address),
      let sender = way.hops[index].event.netns as UInt32?, peer != sender,
      !way.hops[index...].contains(where: { $0.event.netns == peer })
    else { return nil }
    let sent = way.hops[index...].last { $0.action == .sent } ?? way.hops[index]
    return Explanation(
      cause: "tunnel-blocked", layer: .podNetwork, certainty: .likely,
      why: "the overlay's UDP \(outer.destination.port) from \(outer.source.address) never reaches "
        + "\(outer.destination.address): something on the underlay eats it",
      evidence: [
        "\(given.count(way)) encapsulated (VNI \(vni)) and sent to "
          + "\(outer.destination) by "
          + "\(given.node.interfaceName(sent.event.outInterface, in: sent.event.netns))",
        "\(given.node.namespaceName(peer)), which has \(outer.destination.address), is traced too "
          + "and saw none of them",
      ],
      check: [
        "tcpdump -ni any udp port \(outer.destination.port)   (on both nodes)",
        "ping \(outer.destination.address)   (is it the port or the host?)",
      ],
      fix: "allow UDP \(outer.destination.port) between the nodes on the network between them "
        + "(security group, switch ACL, cloud firewall)")
  }
}
