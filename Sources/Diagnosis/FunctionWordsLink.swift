extension FunctionWords {
  static let neighbours: [FunctionWords] = [
    .init(
      "neigh_invalidate", .podNetwork, "Nobody answered for its next hop.",
      "the pod or gateway is gone", reasons: ["NEIGH_FAILED"]),
    .init(
      "__neigh_event_send", .podNetwork, "Its next hop failed before, or too many wait for it.",
      "the pod or gateway is gone", reasons: ["NEIGH_FAILED", "NEIGH_QUEUEFULL"]),
    .init(
      "neigh_resolve_output", .podNetwork, "Its link header could not be written.",
      "a device that takes no such header", reasons: ["NEIGH_HH_FILLFAIL"]),
    .init(
      "neigh_connected_output", .podNetwork, "Its link header could not be written.",
      "a device that takes no such header", reasons: ["NEIGH_HH_FILLFAIL"]),
    .init(
      "neigh_destroy", .podNetwork, "It waited for a next hop whose entry was removed.",
      "the device or address went away", reasons: ["NEIGH_DEAD"]),
    .init(
      "arp_error_report", .podNetwork, "ARP got no answer for its next hop.",
      "the pod or gateway is gone", reasons: ["NEIGH_FAILED"]),
    .init(
      "ndisc_error_report", .podNetwork, "Neighbour discovery got no answer for its next hop.",
      "the pod or gateway is gone", reasons: ["NEIGH_FAILED"]),
    .init(
      "arp_process", nil, "An ARP message that is not for this host.", "usual on a shared link"),
    .init(
      "ndisc_rcv", nil, "A neighbour discovery message that is not for this host, or is wrong.",
      "usual on a shared link", reasons: ["IPV6_NDISC_NS_OTHERHOST"]),
  ]

  static let devices: [FunctionWords] = [
    .init(
      "__dev_queue_xmit", .node, "A device or its queue did not take it.",
      "a full qdisc, a tc program, a device that is down or passes it in a loop",
      reasons: ["QDISC_DROP", "TC_EGRESS", "DEV_READY", "RECURSION_LIMIT"]),
    .init(
      "__dev_xmit_skb", .node, "A device's qdisc did not take it.", "a full queue or a shaper",
      reasons: ["QDISC_DROP"]),
    .init(
      "validate_xmit_skb", .node, "It could not be made ready for its device.",
      "segmenting or a checksum the device can't do failed",
      reasons: ["SKB_GSO_SEG", "SKB_CSUM"]),
    .init(
      "__netif_receive_skb_core", .node, "Nobody handles its protocol, or tc dropped it.",
      "a protocol without a handler, a BPF program on ingress",
      reasons: ["UNHANDLED_PROTO", "TC_INGRESS"]),
    .init(
      "sch_handle_ingress", .policy, "A tc program or filter dropped it on arrival.",
      "the CNI's BPF program", reasons: ["TC_INGRESS"]),
    .init(
      "sch_handle_egress", .policy, "A tc program or filter dropped it on the way out.",
      "the CNI's BPF program", reasons: ["TC_EGRESS"]),
    .init(
      "do_xdp_generic", .policy, "An XDP program dropped it.", "a load balancer or filter",
      reasons: ["XDP"]),
    .init(
      "netif_receive_generic_xdp", .policy, "An XDP program dropped it.",
      "a load balancer or filter", reasons: ["XDP"]),
    .init(
      "enqueue_to_backlog", .node, "A processor's input queue is full.",
      "the processor can't keep up", reasons: ["CPU_BACKLOG"]),
    .init(
      "dev_hard_start_xmit", .podNetwork, "The device's driver did not take it.",
      "a device going down"),
    .init(
      "veth_xmit", .podNetwork, "The other end of the veth can't take it.",
      "that end is down or gone, or its queue is full", reasons: ["DEV_READY"]),
    .init(
      "tun_net_xmit", .application, "The program behind a tap or tun did not take it.",
      "it reads too slowly, or has gone", reasons: ["FULL_RING", "DEV_READY"], module: "tun"),
    .init("tbf_enqueue", .node, "A token bucket's queue is full.", "a bandwidth limit"),
    .init("htb_enqueue", .node, "A class of qdisc htb is full.", "a bandwidth limit"),
    .init(
      "fq_codel_enqueue", .node, "A fq_codel queue is full.", "senders faster than the device"),
    .init(
      "pfifo_fast_enqueue", .node, "The device's queue is full.",
      "senders faster than the device"),
    .init("netem_enqueue", .node, "The network emulator lost it on purpose.", "tc qdisc: netem"),
    .init(
      "br_handle_frame", .podNetwork, "The bridge port did not take it.",
      "its state, a bad source address, or a control frame",
      reasons: ["BRIDGE_INGRESS_STP_STATE", "MAC_INVALID_SOURCE", "MAC_IEEE_MAC_CONTROL"],
      module: "bridge"),
    .init(
      "br_handle_frame_finish", .podNetwork, "The bridge did not forward it.",
      "hairpin mode off, the port's state, VLAN filtering, isolated ports",
      reasons: ["BRIDGE_INGRESS_STP_STATE"], module: "bridge"),
    .init(
      "br_forward_finish", .podNetwork, "The bridge did not forward it.",
      "netfilter on the bridge", reasons: ["NETFILTER_DROP"], module: "bridge"),
    .init(
      "br_forward", .podNetwork, "The bridge did not forward it.",
      "it would leave by the port it came in by (hairpin off), the port is down, VLAN filtering",
      module: "bridge"),
    .init(
      "__br_forward", .podNetwork, "The bridge did not forward it.",
      "the port is down, or VLAN filtering", module: "bridge"),
    .init(
      "br_flood", nil, "The bridge's surplus copy after flooding, or there is no other port.",
      "usual", reasons: ["NO_TX_TARGET"], module: "bridge"),
    .init(
      "br_dev_queue_push_xmit", .podNetwork, "It is larger than the bridge port's MTU.",
      "MTUs of pod and bridge differ", reasons: ["PKT_TOO_BIG"], module: "bridge"),
    .init(
      "br_nf_pre_routing", .policy, "Netfilter on the bridge refused it.",
      "a malformed IP packet, while bridge-nf-call-iptables is 1", module: "br_netfilter"),
    .init(
      "br_nf_pre_routing_finish", .policy, "Its DNAT on the bridge has no route.",
      "a Service called over the bridge while ip_forward is 0", module: "br_netfilter"),
  ]

  static let tunnels: [FunctionWords] = [
    .init(
      "vxlan_xmit", .podNetwork, "The VXLAN device does not know whom to send it to.",
      "no forwarding entry", reasons: ["NO_TX_TARGET", "VXLAN_NO_REMOTE"], module: "vxlan"),
    .init(
      "vxlan_xmit_one", .podNetwork, "The VXLAN device could not send it.",
      "no route to the other node, or too large for the underlay",
      reasons: ["IP_OUTNOROUTES", "PKT_TOO_BIG", "VXLAN_NO_REMOTE"], module: "vxlan"),
    .init(
      "vxlan_rcv", .podNetwork, "The VXLAN socket refused it.",
      "no device of that VNI, or a bad header",
      reasons: ["VXLAN_VNI_NOT_FOUND", "VXLAN_INVALID_HDR"], module: "vxlan"),
    .init(
      "vxlan_mdb_xmit", .podNetwork, "The VXLAN device has no receivers of that multicast.",
      "usual", module: "vxlan"),
    .init(
      "geneve_rx", .podNetwork, "The Geneve socket refused it.",
      "no device of that VNI, or a bad header", module: "geneve"),
    .init(
      "geneve_udp_encap_recv", .podNetwork, "The Geneve socket refused it.",
      "no device of that VNI, or a bad header", module: "geneve"),
    .init(
      "geneve_xmit", .podNetwork, "The Geneve device could not send it.",
      "no route to the peer, or too large", module: "geneve"),
    .init(
      "ip_tunnel_xmit", .podNetwork, "The IPIP or GRE device could not send it.",
      "no route to the peer, or too large", module: "ip_tunnel"),
    .init(
      "ip_tunnel_rcv", .podNetwork, "The IPIP or GRE device refused it.",
      "options, checksum or congestion marks that do not fit", reasons: ["IP_TUNNEL_ECN"],
      module: "ip_tunnel"),
    .init(
      "ipip_tunnel_xmit", .podNetwork, "The IPIP device could not send it.",
      "a protocol the device was not made for", module: "ipip"),
    .init(
      "wg_xmit", .podNetwork, "WireGuard has no peer for it.",
      "the address is in no peer's allowed-ips", module: "wireguard"),
    .init(
      "ovs_dp_process_packet", .policy, "Open vSwitch did not send it on.",
      "no flow, and the agent did not take it", module: "openvswitch"),
  ]
}
