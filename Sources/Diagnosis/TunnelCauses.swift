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

/// How the words for a kind of tunnel differ.
private struct Tunnel {
  let kind: TunnelKind
  let port: UInt16
  let vni: UInt32

  init(_ kind: TunnelKind, _ outer: Tuple, _ vni: UInt32) {
    self.kind = kind
    port = outer.destination.port
    self.vni = vni
  }

  var protocolText: String { kind == .ip ? "IP protocol 4" : "UDP port \(port)" }
  var allowed: String { kind == .ip ? "IP-in-IP (protocol 4)" : "UDP \(port)" }
  var suffix: String { kind == .ip ? "" : ", VNI \(vni)" }
  var parenthesis: String { kind == .ip ? "" : " (VNI \(vni))" }
  var capture: String { "tcpdump -ni any " + (kind == .ip ? "ip proto 4" : "udp port \(port)") }
}

extension Cause {
  /// The outer UDP packet dies: on a node by a rule, or between two nodes that are both traced.
  static let tunnelBlocked = Cause("tunnel-blocked") { given in
    if let (way, hop) = given.filterDrop, case .tunnel(let outer, let vni) = hop.event.carrier {
      let rule = given.node.rule(for: hop)
      let tunnel = Tunnel(hop.event.tunnelKind, outer, vni)
      return Explanation(
        cause: "tunnel-blocked", layer: .podNetwork, certainty: rule?.certainty ?? .likely,
        why: "a firewall rule on \(given.node.namespaceName(hop.event.netns)) drops the overlay's "
          + "\(tunnel.protocolText): no pod traffic gets through from "
          + "\(outer.source.address)",
        evidence: [
          "\(given.count(way)) dropped in \(given.placeText(hop)) as outer packet \(outer)"
            + tunnel.suffix,
          "inside it: \(hop.event.tuple)",
        ],
        check: [
          rule.map { given.listCommand($0, hop.event, ipv6: !outer.source.address.isIPv4) }
            ?? "iptables-save -c",
          tunnel.capture,
        ],
        fix: "allow \(tunnel.allowed) between the nodes (host firewall, security group)",
        rule: rule)
    }
    // both ends are traced, and what one sent the other has never seen
    guard let way = given.unanswered, let (outer, vni, index) = given.lastEncapsulation(way),
      let peer = given.node.namespace(owning: outer.destination.address),
      let sender = way.hops[index].event.netns as UInt32?, peer != sender,
      !way.hops[index...].contains(where: { $0.event.netns == peer })
    else { return nil }
    let tunnel = Tunnel(way.hops[index].event.tunnelKind, outer, vni)
    let sent = way.hops[index...].last { $0.action == .sent } ?? way.hops[index]
    return Explanation(
      cause: "tunnel-blocked", layer: .podNetwork, certainty: .likely,
      why: "the overlay's \(tunnel.allowed) from \(outer.source.address) never reaches "
        + "\(outer.destination.address): something on the underlay eats it",
      evidence: [
        "\(given.count(way)) encapsulated\(tunnel.parenthesis) and sent to "
          + "\(tunnel.kind == .ip ? "\(outer.destination.address)" : "\(outer.destination)") by "
          + "\(given.node.interfaceName(sent.event.outInterface, in: sent.event.netns))",
        "\(given.node.namespaceName(peer)), which has \(outer.destination.address), is traced too "
          + "and saw none of them",
      ],
      check: [
        "\(tunnel.capture)   (on both nodes)",
        "ping \(outer.destination.address)   (is it the tunnel or the host?)",
      ],
      fix: "allow \(tunnel.allowed) between the nodes on the network between them "
        + "(security group, switch ACL, cloud firewall)")
  }
}
