extension ReasonWords {
  /// Rules of the node: netfilter, IPsec, tc and XDP programs.
  static let netfilter: [ReasonWords] = [
    .init(
      "NETFILTER_DROP", .policy, .fault, "A netfilter rule or a chain's policy dropped it.",
      "a NetworkPolicy, a host firewall, or kube-proxy's rule for a Service without endpoints",
      check: ["kflowtrace --svc SERVICE", "iptables-save -c", "nft list ruleset"],
      fix: "allow it in the rule that kflowtrace names, or in the policy behind that",
      causes: [
        "policy-drop", "no-endpoints", "no-local-endpoint", "dns-blocked", "tunnel-blocked",
        "conntrack-full", "conntrack-race",
      ]),
    .init(
      "NETFILTER_INGRESS", .policy, .fault, "A rule of the netdev ingress hook dropped it.",
      "an nftables table of family netdev, before anything of iptables",
      check: ["nft list tables netdev", "nft list ruleset netdev"],
      fix: "change that table's rule", causes: ["policy-drop"]),
    .init(
      "XFRM_POLICY", .policy, .fault, "An IPsec policy does not allow it.",
      "encryption is demanded and it came in clear, or keys of the nodes are out of step",
      check: ["ip xfrm policy", "ip -s xfrm state", "cat /proc/net/xfrm_stat"],
      fix: "bring the CNI's encryption (keys, node list) into step on both nodes"),
    .init(
      "TC_INGRESS", .policy, .fault, "A tc program or filter dropped it on arrival.",
      "the CNI's BPF program: its own policy, or no entry for the endpoint in its maps",
      check: ["bpftool net", "tc filter show dev DEVICE ingress"],
      fix: "ask the CNI's own tool (cilium monitor --type drop, calico-node -bpf)"),
    .init(
      "TC_EGRESS", .policy, .fault, "A tc program or filter dropped it on the way out.",
      "the CNI's BPF program, or a tc filter with action drop",
      check: ["bpftool net", "tc filter show dev DEVICE egress"],
      fix: "ask the CNI's own tool (cilium monitor --type drop, calico-node -bpf)"),
    .init(
      "TC_COOKIE_ERROR", .node, .fault, "A tc action's cookie could not be processed.",
      "hardware offload of tc rules that is out of step with the kernel",
      check: ["tc -s filter show dev DEVICE ingress"],
      fix: "load the rules again, or without offload (ethtool -K DEVICE hw-tc-offload off)"),
    .init(
      "TC_CHAIN_NOTFOUND", .node, .fault, "A tc rule jumps to a chain that does not exist.",
      "a set of tc rules that is loaded in part",
      check: ["tc filter show dev DEVICE ingress", "tc chain show dev DEVICE ingress"],
      fix: "have the agent that owns the rules load them again"),
    .init(
      "TC_RECLASSIFY_LOOP", .node, .fault, "tc rules send it back to each other.",
      "reclassify actions in a circle", check: ["tc filter show dev DEVICE ingress"],
      fix: "take one of them out"),
    .init(
      "XDP", .policy, .fault, "An XDP program dropped it.",
      "a load balancer, a DDoS filter, or a program that fails on this packet",
      check: ["bpftool net", "ip link show DEVICE"],
      fix: "ask whoever loaded the program; without it: ip link set DEVICE xdp off"),
    .init(
      "TAP_FILTER", .policy, .usual, "The filter a program set on its tap device refused it.",
      "a VM or VPN that keeps traffic out", check: ["ip -d tuntap show"],
      fix: "none if meant; else see to the VM's or VPN's filter"),
    .init(
      "TAP_TXFILTER", .policy, .usual, "The tap device's address filter refused it.",
      "an Ethernet address that the VM behind it did not ask for",
      check: ["ip -d tuntap show"], fix: "none if meant; else see to the VM's addresses"),
  ]
}
