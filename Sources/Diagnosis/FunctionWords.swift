/// What a drop in a kernel function means, where the kernel gives no reason or for its own sake.
public struct FunctionWords: Sendable {
  public let name: String
  /// `nil` if it may be anybody's.
  public let layer: Layer?
  /// What a drop there is, one sentence.
  public let what: String
  /// What is usually behind it.
  public let usually: String
  /// Reasons the kernel gives there, where it gives any.
  public let reasons: [String]
  /// The module it is in, where that is often not loaded or built in.
  public let module: String?

  init(
    _ name: String, _ layer: Layer?, _ what: String, _ usually: String, reasons: [String] = [],
    module: String? = nil
  ) {
    self.name = name
    self.layer = layer
    self.what = what
    self.usually = usually
    self.reasons = reasons
    self.module = module
  }

  /// Causes of ours that the reasons lead to.
  public var causes: [String] { ofReasons(\.causes) }

  /// Commands of the reasons, each once.
  public var check: [String] { ofReasons(\.check) }

  /// What to do about it; `nil` unless it can be one reason only.
  public var fix: String? {
    reasons.count == 1 ? reasons.first.flatMap { ReasonWords(named: $0)?.fix } : nil
  }

  private func ofReasons(_ texts: (ReasonWords) -> [String]) -> [String] {
    reasons.compactMap { ReasonWords(named: $0) }.flatMap(texts)
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The function in `function+0x1f` or `function+0x1f/0x40 [module]`, without the compiler's
  /// suffixes (`.isra.0`, `.constprop.0`, `.part.0`, `.cold`).
  public static func plain(_ text: String) -> String {
    String(text.prefix { $0 != "+" && $0 != "." && $0 != " " })
  }

  /// By name, as ``plain(_:)`` reads it.
  public init?(named text: String) {
    guard let known = Self.byName[Self.plain(text)] else { return nil }
    self = known
  }

  public static let all: [FunctionWords] = netfilter + ip + neighbours + devices + tunnels + sockets

  private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
}

extension FunctionWords {
  static let netfilter: [FunctionWords] = [
    .init(
      "nf_hook_slow", .policy, "The chains of a netfilter hook gave the verdict to drop.",
      "an iptables or nftables rule, or a chain's policy: kflowtrace names it",
      reasons: ["NETFILTER_DROP"]),
    .init(
      "nft_do_chain", .policy, "A chain of nftables (or iptables-nft) dropped it.",
      "a rule or the chain's policy: kflowtrace names it", reasons: ["NETFILTER_DROP"],
      module: "nf_tables"),
    .init(
      "ipt_do_table", .policy, "A table of iptables-legacy dropped it.",
      "a rule or the chain's policy: kflowtrace names it", reasons: ["NETFILTER_DROP"],
      module: "ip_tables"),
    .init(
      "ip6t_do_table", .policy, "A table of ip6tables-legacy dropped it.",
      "a rule or the chain's policy: kflowtrace names it", reasons: ["NETFILTER_DROP"],
      module: "ip6_tables"),
    .init(
      "nf_conntrack_in", .node, "Connection tracking refused it.",
      "the table is full (nf_conntrack_max; dmesg says so), or the packet is malformed",
      reasons: ["NETFILTER_DROP"], module: "nf_conntrack"),
    .init(
      "__nf_conntrack_confirm", .service, "Its new conntrack entry clashes with one there is.",
      "two packets at once with one tuple after NAT: two DNS questions on one socket",
      reasons: ["NETFILTER_DROP"], module: "nf_conntrack"),
    .init(
      "nf_nat_inet_fn", .service, "NAT found no free tuple for it.",
      "all ports of the masquerading address are in use", reasons: ["NETFILTER_DROP"],
      module: "nf_nat"),
    .init(
      "nf_queue", .policy, "It was to be judged by a program (NFQUEUE) that is not there.",
      "an agent that inspects packets has ended, or its queue is full",
      reasons: ["NETFILTER_DROP"]),
    .init(
      "nf_reinject", .policy, "A program that judges packets (NFQUEUE) refused it.",
      "an agent's own policy", reasons: ["NETFILTER_DROP"]),
    .init(
      "ip_vs_in_hook", .service, "IPVS had no server for it.",
      "a Service without endpoints under kube-proxy's IPVS mode", module: "ip_vs"),
    .init(
      "ip_vs_leave", .service, "IPVS had no server for it.",
      "a Service without endpoints under kube-proxy's IPVS mode", module: "ip_vs"),
  ]

  static let ip: [FunctionWords] = [
    .init(
      "ip_rcv_core", .node, "Its IP header is not valid, or it is another host's.",
      "a damaged or cut packet; a promiscuous device",
      reasons: ["IP_INHDR", "IP_CSUM", "PKT_TOO_SMALL", "OTHERHOST"]),
    .init(
      "ip_rcv_finish_core", .podNetwork, "It could not be routed on arrival.",
      "a martian source, the reverse path filter, no route",
      reasons: ["IP_RPFILTER", "IP_INNOROUTES", "IP_INADDRERRORS", "IP_LOCAL_SOURCE"]),
    .init(
      "ip_route_input_slow", .podNetwork, "Routing refused it on arrival.",
      "a martian source or destination, the reverse path filter",
      reasons: ["IP_RPFILTER", "IP_INVALID_SOURCE", "IP_LOCALNET"]),
    .init(
      "fib_validate_source", .podNetwork, "Its source does not stand the route check.",
      "the reverse path filter; the packet itself is freed in ip_rcv_finish_core",
      reasons: ["IP_RPFILTER", "IP_LOCAL_SOURCE"]),
    .init(
      "__fib_validate_source", .podNetwork, "Its source does not stand the route check.",
      "the reverse path filter; the packet itself is freed in ip_rcv_finish_core",
      reasons: ["IP_RPFILTER", "IP_LOCAL_SOURCE"]),
    .init(
      "fib_lookup", .podNetwork, "A route is looked up there; packets are freed by its callers.",
      "no route, or an unreachable, prohibit or blackhole one",
      reasons: ["IP_INNOROUTES", "IP_OUTNOROUTES"]),
    .init(
      "fib_table_lookup", .podNetwork, "A route is looked up there; its callers free packets.",
      "no route, or an unreachable, prohibit or blackhole one",
      reasons: ["IP_INNOROUTES", "IP_OUTNOROUTES"]),
    .init(
      "ip_error", .podNetwork, "Routing says it can't be delivered.",
      "ip_forward is 0, or there is no route", reasons: ["IP_INADDRERRORS", "IP_INNOROUTES"]),
    .init(
      "ip_forward", .podNetwork, "It could not be forwarded.",
      "larger than the next MTU with DF set, its TTL used up, or IPsec's policy",
      reasons: ["PKT_TOO_BIG", "IP_INHDR", "XFRM_POLICY"]),
    .init(
      "ip6_forward", .podNetwork, "It could not be forwarded.",
      "forwarding is off, larger than the next MTU, hop limit used up",
      reasons: ["PKT_TOO_BIG", "IP_INHDR", "IP_INADDRERRORS"]),
    .init(
      "ip_output", .node, "It was not sent after the POSTROUTING chains.", "a rule there",
      reasons: ["NETFILTER_DROP"]),
    .init(
      "__ip_finish_output", .podNetwork, "It is larger than the device's MTU.",
      "a GSO packet whose segments are too large, with DF set", reasons: ["PKT_TOO_BIG"]),
    .init(
      "ip_finish_output2", .podNetwork, "No neighbour could be found for its next hop.",
      "nobody answers ARP, or the neighbour table is full",
      reasons: ["NEIGH_CREATEFAIL", "NEIGH_FAILED"]),
    .init(
      "ip6_finish_output2", .podNetwork, "No neighbour could be found for its next hop.",
      "nobody answers neighbour solicitations, or the table is full",
      reasons: ["NEIGH_CREATEFAIL", "NEIGH_FAILED"]),
    .init(
      "ip_fragment", .podNetwork, "It would need fragments and may not be cut.",
      "DF is set and the device's MTU smaller", reasons: ["PKT_TOO_BIG"]),
    .init(
      "ip_expire", .podNetwork, "Fragments waited for the rest in vain.",
      "a fragment was lost or refused by a firewall", reasons: ["FRAG_REASM_TIMEOUT"]),
    .init(
      "ip_defrag", .podNetwork, "It could not be put together from its fragments.",
      "a lost, repeated or overlapping fragment", reasons: ["DUP_FRAG", "FRAG_TOO_FAR"]),
    .init(
      "ip_protocol_deliver_rcu", .application, "Nobody on the host handles its IP protocol.",
      "a tunnel's module or device is missing, or IPsec's policy",
      reasons: ["IP_NOPROTO", "XFRM_POLICY"]),
    .init(
      "ip_local_deliver_finish", .application, "It could not be handed to its protocol.",
      "no memory"),
    .init(
      "ip6_pkt_drop", .podNetwork, "IPv6 has no route for it.",
      "no route, or an unreachable, prohibit or blackhole one",
      reasons: ["IP_INNOROUTES", "IP_OUTNOROUTES"]),
    .init(
      "ip6_pkt_discard", .podNetwork, "IPv6 has no route for it.", "the route is missing",
      reasons: ["IP_INNOROUTES"]),
    .init("ip6_mc_input", nil, "A multicast nobody here has joined.", "usual"),
    .init("ip_mc_output", nil, "A multicast that is not sent on.", "usual"),
    .init(
      "icmp_rcv", .node, "An ICMP message nobody wants.",
      "malformed, an unknown type, or ignored by a sysctl (icmp_echo_ignore_all)",
      reasons: ["ICMP_CSUM", "INVALID_PROTO"]),
    .init(
      "icmpv6_rcv", .node, "An ICMPv6 message nobody wants.", "malformed, or of an unknown type",
      reasons: ["ICMP_CSUM", "IPV6_NDISC_BAD_CODE"]),
    .init(
      "icmp_unreach", .node, "An ICMP error that is about no packet of ours.",
      "an error cut short, or for a connection that has gone"),
    .init(
      "__icmp_send", .node, "An ICMP error is made there; the packet it is about is freed later.",
      "what the error says"),
    .init("ping_rcv", nil, "A copy of an echo reply after its socket got it.", "usual"),
  ]
}
