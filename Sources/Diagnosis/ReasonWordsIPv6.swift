extension ReasonWords {
  /// What only IPv6 has.
  static let ipv6: [ReasonWords] = [
    .init(
      "IPV6DISABLED", .node, .fault, "IPv6 is switched off on its device.",
      "a pod or node without IPv6, while somebody still sends it there",
      check: ["sysctl net.ipv6.conf.DEVICE.disable_ipv6"],
      fix: "switch it on, or give the Service no IPv6 address (ipFamilies)"),
    .init(
      "IPV6_BAD_EXTHDR", .node, .fault, "An IPv6 extension header is malformed or not allowed.",
      "a damaged or hostile packet, or more headers than the host reads",
      check: ["nstat -az Ip6InHdrErrors", "tcpdump -ni DEVICE -vv ip6"],
      fix: "see to the sender"),
    .init(
      "IPV6_NDISC_FRAG", .node, .fault, "A neighbour discovery message came in fragments.",
      "a hostile or broken neighbour (RFC 6980)",
      check: ["sysctl net.ipv6.conf.DEVICE.suppress_frag_ndisc"],
      fix: "find it by its Ethernet address: tcpdump -eni DEVICE icmp6"),
    .init(
      "IPV6_NDISC_HOP_LIMIT", .node, .fault,
      "A neighbour discovery message came from beyond the link: its hop limit is not 255.",
      "a hostile or broken neighbour", check: ["tcpdump -eni DEVICE -vv icmp6"],
      fix: "find it by its Ethernet address"),
    .init(
      "IPV6_NDISC_BAD_CODE", .node, .fault, "A neighbour discovery message has a wrong code.",
      "a broken neighbour", check: ["tcpdump -eni DEVICE -vv icmp6"],
      fix: "find it by its Ethernet address"),
    .init(
      "IPV6_NDISC_BAD_OPTIONS", .node, .fault,
      "A neighbour discovery message has malformed options.", "a broken neighbour",
      check: ["tcpdump -eni DEVICE -vv icmp6"], fix: "find it by its Ethernet address"),
    .init(
      "IPV6_NDISC_NS_OTHERHOST", nil, .usual,
      "A neighbour solicitation for an address that is another's.",
      "multicast reaches more hosts than it is for: usual on a shared link",
      check: ["ip -6 maddr show dev DEVICE"]),
  ]
}
