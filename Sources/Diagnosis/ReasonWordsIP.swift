extension ReasonWords {
  /// The IP layer, netfilter, routing and tunnels.
  static let ip: [ReasonWords] = [
    .init(
      "NETFILTER_DROP", .policy, "A netfilter rule or a chain's policy dropped it.",
      "a NetworkPolicy, a host firewall, or kube-proxy's rule for a Service without endpoints: "
        + "kflowtrace names the rule (policy-drop, no-endpoints, no-local-endpoint)"),
    .init(
      "NETFILTER_INGRESS", .policy, "A rule of the netdev ingress hook dropped it.",
      "an nftables table of family netdev: nft list ruleset"),
    .init(
      "OTHERHOST", nil, "Its Ethernet address is another host's.",
      "a bridge floods what it has not learned yet, a device is promiscuous: usual, unless the "
        + "sender's neighbour entry is wrong", isHarmless: true),
    .init(
      "IP_CSUM", .node, "Its IP header's checksum is wrong.",
      "a damaged packet, or something rewrote the header and not the checksum"),
    .init(
      "IP_INHDR", .podNetwork, "Its IP header is not valid, or its TTL is used up.",
      "in ip_forward a routing loop (routing-loop); elsewhere a damaged packet"),
    .init(
      "IP_RPFILTER", .node, "The reverse path filter: the answer would leave by another device.",
      "asymmetric routes with net.ipv4.conf.*.rp_filter=1 (rp-filter)"),
    .init(
      "UNICAST_IN_L2_MULTICAST", .node, "A unicast packet came in an Ethernet broadcast frame.",
      "a confused or hostile sender; drop_unicast_in_l2_multicast is on"),
    .init(
      "XFRM_POLICY", .policy, "An IPsec policy does not allow it.",
      "encryption is demanded and the packet came in clear, or no security association fits: ip xfrm "
        + "policy"),
    .init(
      "IP_NOPROTO", .application, "Nobody on the host handles its IP protocol.",
      "a tunnel's protocol (4, 41, 47) whose module is not loaded, or whose device is missing"),
    .init(
      "PKT_TOO_SMALL", .node, "It is shorter than its headers say.", "a damaged packet"),
    .init(
      "PKT_TOO_BIG", .podNetwork,
      "It is larger than the next device's MTU and may not be fragmented.",
      "pods with an MTU larger than the overlay's (mtu-exceeded, mtu-blackhole)"),
    .init(
      "IP_INADDRERRORS", .node, "Its destination can't be delivered or forwarded here.",
      "ip_forward is 0 (forwarding-disabled), or the address is no longer the host's "
        + "(stale-conntrack)"),
    .init(
      "IP_INNOROUTES", .podNetwork, "A packet to forward has no route.",
      "the CNI's route to the other node's pods is missing (no-route)"),
    .init(
      "IP_OUTNOROUTES", .podNetwork, "A packet of this host has no route.",
      "the route is missing, or an unreachable route matches (no-route)"),
    .init(
      "IP_LOCAL_SOURCE", .service, "It came from outside with an address of the host itself.",
      "a pod that reaches itself through its Service without masquerading (hairpin), or a forged "
        + "source"),
    .init(
      "IP_INVALID_SOURCE", .node, "Its source can't be a source: multicast, broadcast or zero.",
      "a misconfigured or forging sender"),
    .init(
      "IP_INVALID_DEST", .node,
      "Its destination can't be one: zero, or broadcast where none may be.",
      "a misconfigured sender"),
    .init(
      "IP_LOCALNET", .node, "A 127.0.0.0/8 address came in by a device.",
      "a NodePort called by 127.0.0.1 needs net.ipv4.conf.all.route_localnet=1"),
    .init(
      "ICMP_CSUM", .node, "Its ICMP checksum is wrong.", "a damaged packet, broken offload"),
    .init(
      "INVALID_PROTO", .node, "The protocol does not fit its header.",
      "a damaged packet, or a message type the receiver may not get this way"),
    .init(
      "UNHANDLED_PROTO", .node, "Nobody handles its Ethernet protocol.",
      "LLDP, IPX, a VLAN without its device: usual on a physical network"),
    .init(
      "IPV6DISABLED", .node, "IPv6 is switched off on the device it came in by.",
      "net.ipv6.conf.DEVICE.disable_ipv6=1, while somebody still sends IPv6 there"),
    .init(
      "IPV6_BAD_EXTHDR", .node, "An IPv6 extension header is malformed or not allowed.",
      "a damaged or hostile packet"),
    .init(
      "IPV6_NDISC_FRAG", .node, "A neighbour discovery message came in fragments.",
      "a hostile or broken neighbour (RFC 6980)"),
    .init(
      "IPV6_NDISC_HOP_LIMIT", .node,
      "A neighbour discovery message was routed: its hop limit is not 255.",
      "a hostile or broken neighbour"),
    .init(
      "IPV6_NDISC_BAD_CODE", .node, "A neighbour discovery message has a code that is not 0.",
      "a broken neighbour"),
    .init(
      "IPV6_NDISC_BAD_OPTIONS", .node, "A neighbour discovery message has malformed options.",
      "a broken neighbour"),
    .init(
      "IPV6_NDISC_NS_OTHERHOST", nil, "A neighbour solicitation for an address that is another's.",
      "usual on a shared link: multicast reaches more than it is for"),
    .init(
      "VXLAN_INVALID_HDR", .podNetwork, "Its VXLAN header is not valid.",
      "flags of an extension (GBP, GPE) that this device was made without, or no VXLAN at all on "
        + "that port"),
    .init(
      "VXLAN_VNI_NOT_FOUND", .podNetwork, "No VXLAN device has its VNI.",
      "the two ends' overlay configuration differs (vni-mismatch)"),
    .init(
      "VXLAN_NO_REMOTE", .podNetwork, "The VXLAN device does not know to which node to send it.",
      "no forwarding entry for the next hop's address (no-tunnel-peer)"),
    .init(
      "VXLAN_ENTRY_EXISTS", .podNetwork,
      "A VXLAN device may not learn this source: the entry is fixed.",
      "two nodes with the same VTEP or pod address"),
    .init(
      "NO_TX_TARGET", .podNetwork, "The tunnel or bridge knows nobody to send it to.",
      "no forwarding entry for the next hop's address (no-tunnel-peer)"),
    .init(
      "IP_TUNNEL_ECN", .podNetwork, "Inner and outer congestion marks contradict each other.",
      "something on the way rewrites the TOS byte of the outer packet"),
    .init(
      "TUNNEL_TXINFO", .podNetwork, "A tunnel device was given a packet without a destination.",
      "a device in external mode (collect_md) without the BPF program or route that names the peer"),
    .init(
      "LOCAL_MAC", .podNetwork, "It came from outside with the device's own Ethernet address.",
      "a loop on the link, or two hosts with one address"),
    .init(
      "MAC_INVALID_SOURCE", .podNetwork, "Its Ethernet source can't be one: multicast or zero.",
      "a broken sender"),
    .init(
      "MAC_IEEE_MAC_CONTROL", nil, "An Ethernet control frame, not to be forwarded.",
      "pause frames: usual"),
    .init(
      "BRIDGE_INGRESS_STP_STATE", .podNetwork, "The bridge port is not forwarding.",
      "spanning tree has not let the port in yet (bridge link show), or has found a loop"),
    .init(
      "ARP_PVLAN_DISABLE", .podNetwork, "An ARP request between ports that may not talk.",
      "net.ipv4.conf.DEVICE.proxy_arp_pvlan is off: usual"),
    .init("PSP_INPUT", .node, "PSP security refused it on arrival.", "keys of the two ends differ"),
    .init("PSP_OUTPUT", .node, "PSP security refused to send it.", "no key for the peer"),
  ]

  /// The last step on a link.
  static let neighbour: [ReasonWords] = [
    .init(
      "NEIGH_CREATEFAIL", .podNetwork, "No neighbour entry could be made for its next hop.",
      "the neighbour table is full: net.ipv4.neigh.default.gc_thresh3"),
    .init(
      "NEIGH_FAILED", .podNetwork, "Nobody answered for its next hop's address.",
      "the pod is gone (neighbour-failed), its veth is down (device-down), or a VXLAN device has no "
        + "entry (no-tunnel-peer)"),
    .init(
      "NEIGH_QUEUEFULL", .podNetwork, "Too many packets wait for its next hop to answer.",
      "the same as NEIGH_FAILED, a little earlier: net.ipv4.neigh.DEVICE.unres_qlen_bytes"),
    .init(
      "NEIGH_DEAD", .podNetwork, "Its next hop's entry was just removed.",
      "the device or address went away while the packet waited"),
    .init(
      "NEIGH_HH_FILLFAIL", .podNetwork, "Its Ethernet header could not be written.",
      "a device without room for its header, or an entry that changed at that moment"),
  ]
}
