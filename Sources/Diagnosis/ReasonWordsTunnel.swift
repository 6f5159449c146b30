extension ReasonWords {
  /// Overlays.
  static let tunnel: [ReasonWords] = [
    .init(
      "VXLAN_INVALID_HDR", .podNetwork, .fault, "Its VXLAN header is not valid.",
      "flags of an extension (GBP, GPE) this device was made without, or no VXLAN on that port",
      check: ["ip -d link show type vxlan", "tcpdump -ni DEVICE -vv udp port 8472"],
      fix: "make the devices of both nodes with the same options"),
    .init(
      "VXLAN_VNI_NOT_FOUND", .podNetwork, .fault, "No VXLAN device has its VNI.",
      "the overlay's configuration differs between the nodes",
      check: ["ip -d link show type vxlan"], fix: "give both nodes the same VNI and port",
      causes: ["vni-mismatch"]),
    .init(
      "VXLAN_NO_REMOTE", .podNetwork, .fault,
      "The VXLAN device does not know to which node to send it.",
      "no forwarding entry for the next hop's Ethernet address",
      check: ["bridge fdb show dev DEVICE", "ip neigh show dev DEVICE"],
      fix: "have the CNI's agent run here and write the other node's entry",
      causes: ["no-tunnel-peer"]),
    .init(
      "VXLAN_ENTRY_EXISTS", .podNetwork, .fault,
      "Its source moved to another node, and the entry for it is fixed.",
      "two nodes with one Ethernet address on the overlay, or an entry left by a node that went",
      check: ["bridge fdb show dev DEVICE"], fix: "remove the old entry: bridge fdb del"),
    .init(
      "IP_TUNNEL_ECN", .podNetwork, .fault,
      "Outer and inner congestion marks contradict each other.",
      "something on the way rewrites the TOS byte of the outer packet",
      check: ["tcpdump -ni DEVICE -v udp port 8472"],
      fix: "have the network between the nodes leave the ECN bits alone"),
    .init(
      "TUNNEL_TXINFO", .podNetwork, .fault,
      "A tunnel device was given a packet without a peer to send it to.",
      "a device in external mode, without the BPF program or route that names the peer",
      check: ["ip -d link show DEVICE", "bpftool net"],
      fix: "have the CNI's agent load its programs again"),
  ]

  /// Open vSwitch (net/openvswitch/drop.h), as under OVN-Kubernetes, Antrea and Kube-OVN; as long
  /// as its module is loaded.
  static let openVSwitch: [ReasonWords] = [
    .init(
      "OVS_DROP_LAST_ACTION", .policy, .fault, "The flow of Open vSwitch ends without an output.",
      "a NetworkPolicy as OVN or Antrea writes it, or no flow for this destination",
      check: ["ovs-appctl dpctl/dump-flows -m", "ovs-appctl ofproto/trace BRIDGE FLOW"],
      fix: "see which OpenFlow table drops it: ofproto/trace says"),
    .init(
      "OVS_DROP_EXPLICIT", .policy, .fault, "A drop action of an Open vSwitch flow.",
      "a NetworkPolicy as OVN or Antrea writes it",
      check: ["ovs-appctl dpctl/dump-flows -m", "ovs-appctl ofproto/trace BRIDGE FLOW"],
      fix: "allow it in the NetworkPolicy"),
    .init(
      "OVS_DROP_EXPLICIT_WITH_ERROR", .node, .fault,
      "Open vSwitch could not make a flow for it, and drops such packets.",
      "too many resubmits or tables in a circle, or a fault in the controller's flows",
      check: ["ovs-appctl ofproto/trace BRIDGE FLOW", "ovs-appctl coverage/show"],
      fix: "see what ofproto/trace ends with"),
    .init(
      "OVS_DROP_ACTION_ERROR", .node, .fault, "An action of an Open vSwitch flow failed.",
      "a header that can't be changed, or a tunnel that can't be sent to",
      check: ["ovs-appctl dpctl/dump-flows -m", "dmesg | grep openvswitch"],
      fix: "see which action of the flow does not fit the packet"),
    .init(
      "OVS_DROP_METER", .policy, .fault, "A meter of Open vSwitch: more than the rate it allows.",
      "a bandwidth limit or a limit of packets for the controller",
      check: ["ovs-ofctl -O OpenFlow13 meter-stats BRIDGE"], fix: "raise the meter's rate"),
    .init(
      "OVS_DROP_RECURSION_LIMIT", .node, .fault,
      "Flows of Open vSwitch send it round too many times.",
      "recirculation in a circle", check: ["ovs-appctl dpctl/dump-flows -m"],
      fix: "see to the controller's flows"),
    .init(
      "OVS_DROP_DEFERRED_LIMIT", .node, .fault,
      "Too many actions of Open vSwitch wait for this packet.",
      "very large groups, or recirculation of many copies",
      check: ["ovs-appctl dpctl/dump-flows -m"], fix: "see to the controller's flows"),
    .init(
      "OVS_DROP_FRAG_L2_TOO_LONG", .node, .fault,
      "Its link header is too long to be kept over fragmenting.", "many VLAN or MPLS tags",
      check: ["ovs-appctl dpctl/dump-flows -m"], fix: "use fewer tags, or a larger MTU"),
    .init(
      "OVS_DROP_FRAG_INVALID_PROTO", .node, .fault,
      "It would have to be fragmented and is no IP packet.", "MTUs of two ports differ",
      check: ["ovs-vsctl list interface"], fix: "give the ports one MTU"),
    .init(
      "OVS_DROP_CONNTRACK", .policy, .fault, "Connection tracking in Open vSwitch refused it.",
      "a full conntrack zone, or a packet that fits no connection",
      check: ["ovs-appctl dpctl/ct-stats-show", "conntrack -S"],
      fix: "raise nf_conntrack_max or the zone's limit"),
    .init(
      "OVS_DROP_IP_TTL", .podNetwork, .fault, "Its TTL is used up in Open vSwitch.",
      "a loop of logical routers", check: ["ovs-appctl ofproto/trace BRIDGE FLOW"],
      fix: "break the loop", causes: []),
  ]
}
