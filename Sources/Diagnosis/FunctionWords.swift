/// What a drop in a kernel function means, where the kernel gives no reason or for its own sake.
public struct FunctionWords: Sendable {
  public let name: String
  public let what: String
  public let usually: String

  init(_ name: String, _ what: String, _ usually: String) {
    self.name = name
    self.what = what
    self.usually = usually
  }

  /// By name; `function+0x1f` and the compiler's suffixes (`.isra.0`) are understood.
  public init?(named text: String) {
    let name = text.prefix { $0 != "+" && $0 != "." }
    guard let known = Self.all.first(where: { $0.name == name }) else { return nil }
    self = known
  }

  public static let all: [FunctionWords] = [
    .init(
      "nf_hook_slow", "The chains of a netfilter hook gave a verdict of drop.",
      "an iptables or nftables rule, or a chain's policy"),
    .init(
      "nft_do_chain", "A chain of nftables (or of iptables-nft) dropped it.",
      "a rule: kflowtrace names it"),
    .init("ipt_do_table", "A table of iptables-legacy dropped it.", "a rule: kflowtrace names it"),
    .init("ip6t_do_table", "A table of ip6tables-legacy dropped it.", "a rule"),
    .init(
      "nf_conntrack_in", "Connection tracking refused it.",
      "the conntrack table is full (nf_conntrack_max), or the packet is malformed"),
    .init(
      "__nf_conntrack_confirm", "Its new conntrack entry clashes with one that is there.",
      "two packets at once with the same tuple after NAT: the race of two UDP questions on one "
        + "socket"),
    .init(
      "nf_nat_inet_fn", "NAT could not find a free tuple for it.",
      "no port left for masquerading one address"),
    .init("ip_rcv_core", "Its IP header is not valid.", "damaged or truncated packets"),
    .init(
      "ip_rcv_finish_core", "Its route could not be found on arrival.",
      "a martian source, the reverse path filter, no route"),
    .init("ip_error", "Routing says it can't be delivered.", "ip_forward is 0, or no route"),
    .init(
      "ip_forward", "It could not be forwarded.",
      "larger than the next device's MTU with DF, or its TTL is used up"),
    .init("ip6_forward", "It could not be forwarded.", "forwarding is off, too big, or hop limit"),
    .init("ip_finish_output2", "No neighbour could be found for its next hop.", "ARP"),
    .init(
      "ip6_finish_output2", "No neighbour could be found for its next hop.", "neighbour discovery"),
    .init("ip6_mc_input", "A multicast nobody here has joined.", "usual"),
    .init("ip_mc_output", "A multicast that is not sent on.", "usual"),
    .init("neigh_invalidate", "Nobody answered for its next hop.", "the pod or gateway is gone"),
    .init("__neigh_event_send", "Nobody answered for its next hop, or too many wait.", "ARP"),
    .init("arp_error_report", "ARP got no answer.", "the pod or gateway is gone"),
    .init(
      "vxlan_xmit", "The VXLAN device does not know whom to send it to.", "no forwarding entry"),
    .init(
      "vxlan_xmit_one", "The VXLAN device could not send it.", "no route to the VTEP, or too big"),
    .init("vxlan_rcv", "The VXLAN socket refused it.", "no device of that VNI, or a bad header"),
    .init("geneve_rx", "The Geneve socket refused it.", "no device of that VNI, or a bad header"),
    .init(
      "geneve_xmit", "The Geneve device could not send it.", "no route to the peer, or too big"),
    .init("__udp4_lib_rcv", "No UDP socket on that port.", "nothing listens, or a tunnel's port"),
    .init("__udp6_lib_rcv", "No UDP socket on that port.", "nothing listens, or a tunnel's port"),
    .init(
      "udp_queue_rcv_one_skb", "The UDP socket did not take it.", "buffer full, filter, checksum"),
    .init("__udp_enqueue_schedule_skb", "The UDP socket's buffer is full.", "a slow reader"),
    .init("tcp_v4_rcv", "TCP had no use for it.", "no socket, or a connection that is over"),
    .init("tcp_v6_rcv", "TCP had no use for it.", "no socket, or a connection that is over"),
    .init(
      "tcp_rcv_state_process", "TCP took what it needed of it.", "usual when connections close"),
    .init("tcp_v4_do_rcv", "TCP had no use for it.", "a packet that fits no state"),
    .init("ping_rcv", "A copy of an echo reply after its socket got it.", "usual"),
    .init("icmp_rcv", "An ICMP message nobody wants.", "malformed, or ignored by a sysctl"),
    .init(
      "__dev_queue_xmit", "A device's queue did not take it.", "a full qdisc, or the device is down"
    ),
    .init("tbf_enqueue", "A token bucket's queue is full.", "a bandwidth limit"),
    .init("fq_codel_enqueue", "A fq_codel queue is full.", "congestion"),
    .init("enqueue_to_backlog", "A processor's input queue is full.", "softirq can't keep up"),
    .init("netem_enqueue", "The network emulator lost it on purpose.", "tc qdisc: netem loss"),
    .init("br_handle_frame_finish", "The bridge did not forward it.", "port state, VLAN filter"),
    .init("br_forward_finish", "The bridge did not forward it.", "netfilter on the bridge"),
    .init("br_flood", "The bridge's surplus copy after flooding.", "usual"),
    .init(
      "br_dev_queue_push_xmit", "Larger than the bridge port's MTU.",
      "MTUs of pod and bridge differ"),
    .init("veth_xmit", "The other end of the veth can't take it.", "its device is down"),
    .init(
      "__netif_receive_skb_core", "Nobody handles its protocol, or tc or XDP dropped it.", "tc"),
    .init("sk_stream_kill_queues", "Unread data of a socket that closes.", "usual"),
    .init("skb_queue_purge_reason", "It still waited in a queue that was emptied.", "usual"),
    .init("unix_release_sock", "Unread data of a Unix socket that closes.", "usual"),
  ]
}
