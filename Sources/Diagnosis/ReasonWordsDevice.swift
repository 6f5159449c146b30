extension ReasonWords {
  /// Devices and bridges.
  static let device: [ReasonWords] = [
    .init(
      "DEV_READY", .podNetwork, .fault, "The device is not up.",
      "it is down, has no carrier, or the program behind a tap is gone",
      check: ["ip -d link show DEVICE"], fix: "ip link set DEVICE up, on both ends of a veth",
      causes: ["device-down"]),
    .init(
      "DEV_HDR", .node, .fault, "The header that a driver puts before packets is not valid.",
      "a VM or VPN that writes wrong virtio headers to its tap, or a driver's fault",
      check: ["ip -d tuntap show", "ethtool -i DEVICE"],
      fix: "update the VM, VPN or driver behind the device"),
    .init(
      "FULL_RING", .application, .fault, "The ring of a tap, tun or packet socket is full.",
      "the program behind it (a VM, a VPN, a capture) reads too slowly",
      check: ["ip -s link show DEVICE"],
      fix: "give that program more processor time, or the device more txqueuelen"),
    .init(
      "BRIDGE_INGRESS_STP_STATE", .podNetwork, .fault, "The bridge port is not forwarding.",
      "spanning tree has not let the port in yet, or has found a loop",
      check: ["bridge -d link show"],
      fix: "wait, take the loop away, or switch it off: ip link set BRIDGE type bridge stp_state 0"
    ),
    .init(
      "NO_TX_TARGET", .podNetwork, .fault, "The tunnel or bridge knows nobody to send it to.",
      "no forwarding entry for the next hop's address, or a bridge without another port",
      check: ["bridge fdb show", "bridge link"],
      fix: "have the CNI's agent run here and write the other node's entry",
      causes: ["no-tunnel-peer"]),
  ]

  /// Queues before devices and processors.
  static let queues: [ReasonWords] = [
    .init(
      "CPU_BACKLOG", .node, .fault, "A processor's input queue is full.",
      "interrupts of one device on one processor, or too few processors for the traffic",
      check: ["cat /proc/net/softnet_stat", "sysctl net.core.netdev_max_backlog"],
      fix: "spread receiving over processors (RPS, more queues), raise netdev_max_backlog",
      causes: ["congestion"]),
    .init(
      "QDISC_DROP", .node, .fault, "A qdisc dropped it.",
      "a bandwidth limit (kubernetes.io/egress-bandwidth), or a queue that is full",
      check: ["tc -s qdisc show dev DEVICE"],
      fix: "raise the pod's bandwidth annotation or the qdisc's limit", causes: ["congestion"]),
    .init(
      "QDISC_OVERLIMIT", .node, .fault, "It is one more than its qdisc holds.",
      "senders faster than the device or its shaper",
      check: ["tc -s qdisc show dev DEVICE"], fix: "raise the qdisc's limit or rate",
      causes: ["congestion"]),
    .init(
      "QDISC_CONGESTED", .node, .usual, "A qdisc drops early to signal congestion.",
      "CoDel, RED or PIE at work: the sender slows down",
      check: ["tc -s qdisc show dev DEVICE"],
      fix: "none for bulk transfers; use ECN (net.ipv4.tcp_ecn=1) to mark instead",
      causes: ["congestion"]),
    .init(
      "FQ_BAND_LIMIT", .node, .fault, "A priority band of qdisc fq is full.",
      "senders faster than the device", check: ["tc -s qdisc show dev DEVICE"],
      fix: "raise its limit: tc qdisc change dev DEVICE root fq limit N", causes: ["congestion"]),
    .init(
      "FQ_FLOW_LIMIT", .node, .fault, "One flow has too many packets in qdisc fq.",
      "one sender, UDP mostly, is far faster than the device",
      check: ["tc -s qdisc show dev DEVICE"],
      fix: "slow the sender down, or raise flow_limit", causes: ["congestion"]),
    .init(
      "FQ_HORIZON_LIMIT", .node, .fault, "Its send time is too far ahead for qdisc fq.",
      "a program that sets absurd departure times (SO_TXTIME, a BPF rate limiter)",
      check: ["tc -s qdisc show dev DEVICE", "bpftool net"],
      fix: "raise the pod's rate, or the qdisc's horizon", causes: ["congestion"]),
    .init(
      "CAKE_FLOOD", .node, .fault, "Qdisc cake dropped it from a flow that does not slow down.",
      "a sender without congestion control", check: ["tc -s qdisc show dev DEVICE"],
      fix: "slow the sender down", causes: ["congestion"]),
    .init(
      "DUALPI2_STEP_DROP", .node, .usual, "Qdisc dualpi2's low-latency queue is too long.",
      "senders faster than the device", check: ["tc -s qdisc show dev DEVICE"],
      fix: "none for bulk transfers", causes: ["congestion"]),
  ]
}
