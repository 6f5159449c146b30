extension ReasonWords {
  /// IPv4, routing, ICMP.
  static let ip: [ReasonWords] = [
    .init(
      "OTHERHOST", nil, .harmless, "Its Ethernet address is another host's.",
      "a bridge floods what it has not learned yet, or a device is promiscuous",
      check: ["bridge fdb show"],
      fix: "nothing to do, unless the sender's neighbour entry is wrong: ip neigh"),
    .init(
      "IP_CSUM", .podNetwork, .fault, "Its IP header's checksum is wrong.",
      "a damaged packet, or a program that rewrote the header and not the checksum",
      check: ["nstat -az IpExtInCsumErrors", "tcpdump -ni DEVICE -vv"],
      fix: "find the BPF program, middlebox or cable that damages it", causes: ["checksum-error"]),
    .init(
      "IP_INHDR", .podNetwork, .fault, "Its IP header is not valid, or its TTL is used up.",
      "in ip_forward a routing loop; elsewhere a damaged packet",
      check: ["nstat -az IpInHdrErrors", "ip route get ADDRESS"],
      fix: "break the loop: two routes that point at each other",
      causes: ["routing-loop"]),
    .init(
      "IP_RPFILTER", .node, .fault,
      "The reverse path filter refused it: an answer would leave by another device.",
      "different routes for the two directions: several uplinks, or a CNI's own routing tables",
      check: ["sysctl -a -r '\\.rp_filter$'", "ip route get SOURCE"],
      fix: "route the answer back by the same device, or set its rp_filter to 2",
      causes: ["rp-filter"]),
    .init(
      "UNICAST_IN_L2_MULTICAST", .node, .fault,
      "A unicast IP packet came in an Ethernet broadcast or multicast frame.",
      "a confused or hostile sender, and drop_unicast_in_l2_multicast is on",
      check: ["sysctl net.ipv4.conf.DEVICE.drop_unicast_in_l2_multicast"],
      fix: "find the sender by its Ethernet address: tcpdump -eni DEVICE"),
    .init(
      "IP_NOPROTO", .application, .fault, "Nobody on the host handles its IP protocol.",
      "a tunnel's protocol (4, 41, 47) whose module is not loaded or whose device is missing",
      check: ["nstat -az IpInUnknownProtos", "ip -d link show type ipip"],
      fix: "make the tunnel's device on this node, as the CNI does on the others"),
    .init(
      "PKT_TOO_SMALL", .node, .fault, "It is shorter than its headers say.",
      "a damaged packet, or a program that cut it",
      check: ["nstat -az IpInTruncatedPkts", "tcpdump -ni DEVICE -vv"],
      fix: "find who sends or rewrites it"),
    .init(
      "PKT_TOO_BIG", .podNetwork, .fault,
      "It is larger than the next device's MTU and may not be fragmented.",
      "pods with an MTU above what the overlay leaves",
      check: ["ip link show DEVICE", "ip route get ADDRESS"],
      fix: "set the CNI's MTU to the underlay's less the tunnel's header (VXLAN: 50, 70 for IPv6)",
      causes: ["mtu-exceeded", "mtu-blackhole"]),
    .init(
      "IP_INADDRERRORS", .node, .fault, "Its destination can't be delivered or forwarded here.",
      "forwarding is off on this node, or the address is no longer the host's",
      check: ["sysctl net.ipv4.ip_forward", "ip route get ADDRESS"],
      fix: "sysctl -w net.ipv4.ip_forward=1, and for good in /etc/sysctl.d",
      causes: ["forwarding-disabled", "stale-conntrack"]),
    .init(
      "IP_INNOROUTES", .podNetwork, .fault, "A packet to forward has no route.",
      "the CNI's route to the other node's pods is missing",
      check: ["ip route get ADDRESS", "ip route show table all"],
      fix: "have the CNI's agent on this node run and write its routes", causes: ["no-route"]),
    .init(
      "IP_OUTNOROUTES", .podNetwork, .fault, "A packet of this host or pod has no route.",
      "the default route is missing, or an unreachable route matches",
      check: ["ip route get ADDRESS", "ip rule"],
      fix: "add the route, or have the CNI set the pod up again", causes: ["no-route"]),
    .init(
      "IP_LOCAL_SOURCE", .service, .fault,
      "It came from outside with an address of the host itself.",
      "a pod that reaches itself through its Service without masquerading, or a forged source",
      check: ["sysctl net.ipv4.conf.DEVICE.accept_local", "ip addr"],
      fix: "masquerade hairpin traffic (kube-proxy, or hairpinMode of the bridge plugin)",
      causes: ["hairpin"]),
    .init(
      "IP_INVALID_SOURCE", .node, .fault,
      "Its source can't be one: multicast, broadcast or zero.",
      "a misconfigured or forging sender", check: ["tcpdump -eni DEVICE src ADDRESS"],
      fix: "see to the sender's address"),
    .init(
      "IP_INVALID_DEST", .node, .fault,
      "Its destination can't be one: zero, or broadcast where none may be.",
      "a misconfigured sender", check: ["tcpdump -eni DEVICE dst ADDRESS"],
      fix: "see to the sender"),
    .init(
      "IP_LOCALNET", .node, .fault, "A 127.0.0.0/8 address came in by a device.",
      "a NodePort called by 127.0.0.1, or DNAT to a loopback address",
      check: ["sysctl net.ipv4.conf.all.route_localnet"],
      fix: "call it by the node's address, or set route_localnet=1"),
    .init(
      "ICMP_CSUM", .podNetwork, .fault, "Its ICMP checksum is wrong.",
      "a damaged packet, broken offload", check: ["nstat -az IcmpInCsumErrors"],
      fix: "switch offload off to see: ethtool -K DEVICE rx off tx off", causes: ["checksum-error"]),
    .init(
      "INVALID_PROTO", .node, .usual, "Such a message may not be sent this way.",
      "an echo or timestamp request to a broadcast address",
      check: ["sysctl net.ipv4.icmp_echo_ignore_broadcasts"], fix: "none if not wanted"),
    .init(
      "UNHANDLED_PROTO", .node, .usual, "Nobody handles its Ethernet or tunnelled protocol.",
      "LLDP, IPX, or a VLAN without its device: usual on a physical network",
      check: ["tcpdump -eni DEVICE not ip and not ip6 and not arp", "ip -d link show type vlan"],
      fix: "none, unless it is your traffic: then make the VLAN's device"),
    .init(
      "MAC_INVALID_SOURCE", .podNetwork, .fault,
      "Its Ethernet source can't be one: multicast or zero.",
      "a broken sender on the link or the overlay", check: ["tcpdump -eni DEVICE"],
      fix: "give the sender's device an address of its own"),
    .init(
      "LOCAL_MAC", .podNetwork, .fault,
      "It came from outside with the device's own Ethernet address.",
      "a loop on the link, or two hosts with one Ethernet address",
      check: ["ip -br link", "bridge fdb show"], fix: "give one of the two another address"),
    .init(
      "MAC_IEEE_MAC_CONTROL", nil, .usual, "An Ethernet control frame, never forwarded.",
      "pause frames of a switch: usual", check: ["ethtool -a DEVICE"]),
    .init(
      "ARP_PVLAN_DISABLE", .podNetwork, .usual,
      "An ARP request for an address that is routed back by the device it came by.",
      "a neighbour asks for another neighbour: answered only with proxy_arp_pvlan",
      check: ["sysctl net.ipv4.conf.DEVICE.proxy_arp_pvlan"], fix: "none if not wanted"),
    .init(
      "PSP_INPUT", .node, .fault, "PSP encryption refused it on arrival.",
      "keys of the two ends differ", check: ["ethtool -i DEVICE"], fix: "exchange keys again"),
    .init(
      "PSP_OUTPUT", .node, .fault, "PSP encryption refused to send it.",
      "no key for the peer, or its device can't encrypt", check: ["ethtool -i DEVICE"],
      fix: "exchange keys again"),
  ]
}
