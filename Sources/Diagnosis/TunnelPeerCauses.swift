internal import FlowModel

extension Case {
  /// `flannel.1 (VNI 1, UDP 8472)`, the VXLAN devices of a namespace.
  fileprivate func tunnels(of netns: UInt32) -> [NetworkState.Device] {
    (node.network(of: netns)?.devices.values.filter { $0.vxlan != nil } ?? [])
      .sorted { $0.index < $1.index }
  }

  fileprivate func list(_ devices: [NetworkState.Device]) -> String {
    devices.isEmpty
      ? "no VXLAN device"
      : devices.map { "\($0.name) (VNI \($0.vxlan?.vni ?? 0), UDP \($0.vxlan?.port ?? 0))" }
        .joined(separator: ", ")
  }
}

/// The two ends of a tunnel do not agree, or one does not know the other.
extension Cause {
  /// It arrived, and the receiver has no device of that VNI.
  static let vniMismatch = Cause("vni-mismatch") { given in
    let found = given.drops.first {
      $0.tunnel != nil && $0.isFor("VXLAN_VNI_NOT_FOUND", in: "vxlan_rcv")
    }
    guard let drop = found, let (outer, vni) = drop.tunnel else { return nil }
    let netns = drop.event.netns
    let devices = given.tunnels(of: netns)
    // a device hears its own port and IP version only
    let would = NetworkState.VXLAN(
      vni: vni, port: outer.destination.port, isOverIPv6: !outer.source.address.isIPv4)
    guard drop.reason != "NOT_SPECIFIED" || !devices.contains(where: { $0.vxlan == would })
    else { return nil }
    return Explanation(
      cause: "vni-mismatch", layer: .podNetwork,
      certainty: devices.isEmpty ? drop.certainty : .certain,
      why: "\(outer.source.address) sends with VNI \(vni), and \(given.name(netns)) has no VXLAN "
        + "device of that VNI",
      evidence: [
        "\(given.count(drop.way)) arrived from \(outer.source.address) on UDP "
          + "\(outer.destination.port) with VNI \(vni) and died in \(drop.place ?? "vxlan")",
        "\(given.name(netns)) has \(given.list(devices))",
      ],
      check: [given.run("ip -d link show type vxlan", in: netns) + "   (on both nodes)"],
      fix: "give both nodes the same VNI: the overlay's configuration differs between them, or one "
        + "still has a device from before")
  }

  /// It arrived, and nobody listens on that UDP port.
  static let tunnelPortMismatch = Cause("tunnel-port-mismatch") { given in
    let found = given.drops.first {
      $0.tunnel != nil && $0.isFor("NO_SOCKET", in: "__udp4_lib_rcv", "__udp6_lib_rcv")
    }
    guard let drop = found, let (outer, _) = drop.tunnel else { return nil }
    let netns = drop.event.netns
    let devices = given.tunnels(of: netns)
    return Explanation(
      cause: "tunnel-port-mismatch", layer: .podNetwork, certainty: drop.certainty,
      why: "\(outer.source.address) sends the overlay's packets to UDP \(outer.destination.port), "
        + "and \(given.name(netns)) has no tunnel there",
      evidence: [
        "\(given.count(drop.way)) arrived as \(outer) and found no socket: \(drop.reason) in "
          + "\(drop.place ?? "udp")",
        "\(given.name(netns)) has \(given.list(devices))",
      ],
      check: [given.run("ip -d link show type vxlan", in: netns) + "   (on both nodes)"],
      fix: "give both nodes the same port: Linux's default is 8472, IANA's 4789; a device keeps "
        + "the port it was made with")
  }

  /// The tunnel's device does not know behind which node the pod is.
  static let noTunnelPeer = Cause("no-tunnel-peer") { given in
    for drop in given.drops where drop.tunnel == nil {
      let event = drop.event
      let network = given.node.network(of: event.netns)
      let device = network?.devices[given.index(event)]
      let isOnTunnel = device?.vxlan != nil && drop.isUnresolved
      guard
        isOnTunnel
          || drop.isFor("NO_TX_TARGET", "VXLAN_NO_REMOTE", in: "vxlan_xmit", "vxlan_xmit_one")
      else { continue }
      let name = device?.name ?? given.device(event)
      let target = event.tuple.destination.address
      let hop = network?.route(to: target)?.gateway ?? target
      let entry = network?.neighbour(hop, on: given.index(event))
      let hardware = entry?.hardware
      let isForwarded =
        network?.forwarding.contains { $0.hardware == hardware && $0.device == device?.index }
        ?? false
      var evidence = [
        "\(given.count(drop.way)) for \(event.tuple.destination) dropped in "
          + "\(given.name(event.netns)) on \(name): \(drop.reason) in \(drop.place ?? "?")"
      ]
      let missing: String
      if let hardware {
        evidence.append("neighbour \(hop) on \(name) is \(hardware)")
        evidence.append(
          isForwarded
            ? "the forwarding database has an entry for it now"
            : "the forwarding database has no entry for \(hardware)")
        missing = "forwarding entry for \(hardware)"
      } else {
        evidence.append("no neighbour entry for \(hop) on \(name)")
        missing = "neighbour entry for \(hop)"
      }
      return Explanation(
        cause: "no-tunnel-peer", layer: .podNetwork,
        certainty: network == nil ? drop.certainty : .certain,
        why:
          "\(name) of \(given.name(event.netns)) does not know the node behind which \(target) is: "
          + "it has no \(missing)",
        evidence: evidence,
        check: [
          given.run("ip neigh show dev \(name.shellWord)", in: event.netns),
          given.run("bridge fdb show dev \(name.shellWord)", in: event.netns),
        ],
        fix: "the overlay's agent on \(given.name(event.netns)) has to add it; see its log, and "
          + "whether the other node is registered")
    }
    return nil
  }
}
