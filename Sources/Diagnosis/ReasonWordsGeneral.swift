extension ReasonWords {
  /// What belongs to no protocol.
  static let general: [ReasonWords] = [
    .init(
      "NOT_SPECIFIED", nil, .fault, "The kernel freed it without saying why.",
      "code that was never taught to give reasons; the function it happened in says more",
      check: ["kflowtrace explain FUNCTION"], fix: "see what the function says"),
    .init(
      "SKB_CONSUMED", nil, .harmless, "It was used up, not dropped.",
      "a packet at the end of its way"),
    .init(
      "CONSUMED", nil, .harmless, "It was used up, not dropped.", "a packet at the end of its way"),
    .init(
      "NOMEM", .node, .fault, "No memory was left for it.",
      "the node is short of memory, or its memory is in pieces too small",
      check: ["dmesg | grep -i 'allocation failure'", "cat /proc/buddyinfo"],
      fix: "free memory on the node: limit its pods' memory, raise vm.min_free_kbytes"),
    .init(
      "PFMEMALLOC", .node, .fault,
      "It lay in emergency memory, and its socket is not one that may use that.",
      "the node has run out of memory and keeps the rest for swapping over the network",
      check: ["nstat -az TcpExtPFMemallocDrop", "free -m"],
      fix: "free memory on the node: limit its pods' memory"),
    .init(
      "HDR_TRUNC", .node, .fault, "Its headers are cut short.",
      "a damaged packet, or a program (XDP, tc, tap) that wrote too few bytes",
      check: ["tcpdump -ni DEVICE -e -vv", "bpftool net"],
      fix: "find who sends or rewrites it; take tc and XDP programs off to see"),
    .init(
      "SKB_CSUM", .node, .fault, "Its checksum could not be computed.",
      "checksum offload that a device promises and does not do",
      check: ["ethtool -k DEVICE | grep checksum"],
      fix: "switch it off: ethtool -K DEVICE tx off rx off"),
    .init(
      "SKB_GSO_SEG", .node, .fault, "A large packet could not be cut into segments.",
      "a GSO packet of a kind that a tunnel or device behind can't segment",
      check: ["ethtool -k DEVICE | grep segmentation"],
      fix: "switch it off: ethtool -K DEVICE gso off tso off; update the driver"),
    .init(
      "SKB_BAD_GSO", .node, .fault, "A large packet to be segmented has malformed headers.",
      "a VM or program that hands wrong sizes to its tap, virtio or packet socket",
      check: ["ip -d tuntap show", "ss -0p"],
      fix: "update that VM or program; in a guest: ethtool -K DEVICE gso off tso off"),
    .init(
      "SKB_UCOPY_FAULT", .application, .fault,
      "It could not be copied from or to a program's memory.",
      "a program handed a bad buffer to a tap, tun or packet socket, or died meanwhile",
      check: ["ip -d tuntap show", "ss -0p"], fix: "see to the VM or VPN behind the device"),
    .init(
      "SECURITY_HOOK", .policy, .fault, "A security module refused it.",
      "labels of SELinux or Smack, or a BPF LSM program of a security agent",
      check: ["ausearch -m avc -ts recent", "bpftool prog show | grep lsm"],
      fix: "allow it in that module's policy"),
    .init(
      "BPF_CGROUP_EGRESS", .policy, .fault,
      "A BPF program of the sender's cgroup did not let it out.",
      "a per-pod policy or accounting program of an agent or of systemd (IPAddressDeny)",
      check: ["bpftool cgroup tree", "systemctl show UNIT -p IPAddressDeny"],
      fix: "allow the address in the policy that the program carries out"),
    .init(
      "SOCKET_FILTER", .application, .usual, "The socket's own BPF filter refused it.",
      "a program keeps out what it does not want to hear, as DHCP clients do",
      check: ["ss -0pb", "ss -tupnb"], fix: "none if meant; else see to the program's filter"),
    .init(
      "QUEUE_PURGE", nil, .harmless, "It still waited in a queue that was emptied.",
      "a device or socket was closed"),
    .init(
      "SKB_QUEUE_PURGE", nil, .harmless, "It still waited in a queue that was emptied.",
      "a device or socket was closed"),
    .init(
      "DUP_FRAG", .podNetwork, .fault, "The same fragment came twice, or one overlaps another.",
      "something on the way duplicates packets; fragments at all mean a sender above the MTU",
      check: [
        "nstat -az IpReasmFails Ip6ReasmFails", "tcpdump -ni DEVICE 'ip[6:2] & 0x3fff != 0'",
      ],
      fix: "find the loop or mirror that repeats packets; lower the sender's MTU"),
    .init(
      "FRAG_REASM_TIMEOUT", .podNetwork, .fault, "Fragments waited for the rest in vain.",
      "one was lost, or a firewall lets first fragments pass only; UDP above the path's MTU",
      check: ["nstat -az IpReasmTimeout Ip6ReasmTimeout", "ip link show DEVICE"],
      fix: "keep UDP answers (DNS: EDNS size 1232) and pod MTUs below the overlay's"),
    .init(
      "FRAG_TOO_FAR", .podNetwork, .fault,
      "A fragment came too many packets after the others of its sender.",
      "heavy reordering or loss among fragments",
      check: ["sysctl net.ipv4.ipfrag_max_dist"],
      fix: "avoid fragments; else raise net.ipv4.ipfrag_max_dist"),
    .init(
      "RECURSION_LIMIT", .node, .fault, "Devices passed it to each other too many times.",
      "a loop of tunnels or stacked devices, each sending through the other",
      check: ["ip -d link", "ip route get OUTER_ADDRESS"],
      fix: "route the tunnel's peer by the underlay, not by the tunnel"),
    .init(
      "CAN_RX_INVALID_FRAME", .node, .fault, "A malformed CAN frame.",
      "a faulty CAN device; no packet of IP", check: ["ip -s -d link show DEVICE"],
      fix: "see to the device"),
    .init(
      "CANFD_RX_INVALID_FRAME", .node, .fault, "A malformed CAN FD frame.",
      "a faulty CAN device; no packet of IP", check: ["ip -s -d link show DEVICE"],
      fix: "see to the device"),
    .init(
      "CANXL_RX_INVALID_FRAME", .node, .fault, "A malformed CAN XL frame.",
      "a faulty CAN device; no packet of IP", check: ["ip -s -d link show DEVICE"],
      fix: "see to the device"),
  ]
}
