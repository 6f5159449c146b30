extension ReasonWords {
  /// Devices, queues, tc and XDP.
  static let device: [ReasonWords] = [
    .init(
      "DEV_READY", .podNetwork, "The device is not up.",
      "ip link shows it down, or without carrier (device-down)"),
    .init(
      "DEV_HDR", .node, "The device's driver could not add its header.",
      "a tunnel device whose lower device has no room, or is gone"),
    .init(
      "FULL_RING", .application, "The ring of a tap, tun or packet socket is full.",
      "the program behind it (a VM, a VPN) reads too slowly"),
    .init(
      "TAP_FILTER", .policy, "The filter a program set on its tap device refused it.",
      "as meant by the VM or VPN"),
    .init(
      "TAP_TXFILTER", .policy, "The tap device's address filter refused it.",
      "as meant: the VM did not ask for that address"),
    .init(
      "CPU_BACKLOG", .node, "A processor's input queue is full.",
      "softirq can't keep up: net.core.netdev_max_backlog, RPS, /proc/net/softnet_stat (congestion)"
    ),
    .init(
      "QDISC_DROP", .node, "A qdisc dropped it.",
      "a shaper or a full queue: tc -s qdisc show dev DEVICE (congestion)"),
    .init(
      "QDISC_OVERLIMIT", .node, "A qdisc's limit is reached.",
      "more packets than its queue holds (congestion)"),
    .init(
      "QDISC_CONGESTED", .node, "A qdisc drops early to signal congestion.",
      "CoDel, RED or PIE at work: the sender slows down (congestion)"),
    .init(
      "FQ_BAND_LIMIT", .node, "A priority band of qdisc fq is full.", "raise its limit (congestion)"
    ),
    .init(
      "FQ_FLOW_LIMIT", .node, "A flow has too many packets in qdisc fq.",
      "one sender is far too fast: raise flow_limit (congestion)"),
    .init(
      "FQ_HORIZON_LIMIT", .node, "Its send time is too far ahead for qdisc fq.",
      "a program sets absurd departure times (SO_TXTIME)"),
    .init("CAKE_FLOOD", .node, "Qdisc cake dropped it from an unresponsive flow.", "congestion"),
    .init("DUALPI2_STEP_DROP", .node, "Qdisc dualpi2 is beyond its step threshold.", "congestion"),
    .init(
      "TC_INGRESS", .policy, "A tc program or filter dropped it on arrival.",
      "a CNI's BPF program (its own policy or map): bpftool net, tc filter show dev DEVICE ingress"),
    .init(
      "TC_EGRESS", .policy, "A tc program or filter dropped it on the way out.",
      "a CNI's BPF program: bpftool net, tc filter show dev DEVICE egress"),
    .init(
      "TC_COOKIE_ERROR", .node, "A tc action found a cookie it does not know.",
      "hardware offload of tc rules out of step with the kernel"),
    .init(
      "TC_CHAIN_NOTFOUND", .node, "A tc rule jumps to a chain that does not exist.",
      "a tc rule set half-loaded: tc filter show"),
    .init(
      "TC_RECLASSIFY_LOOP", .node, "tc rules send it back to each other.",
      "two reclassify actions in a circle: tc filter show"),
    .init(
      "XDP", .policy, "An XDP program dropped it.",
      "a load balancer or DDoS filter: bpftool net, ip link show DEVICE"),
    .init(
      "CAN_RX_INVALID_FRAME", .node, "A malformed CAN frame.", "a faulty CAN device"),
    .init(
      "CANFD_RX_INVALID_FRAME", .node, "A malformed CAN FD frame.", "a faulty CAN device"),
    .init(
      "CANXL_RX_INVALID_FRAME", .node, "A malformed CAN XL frame.", "a faulty CAN device"),
  ]
}
