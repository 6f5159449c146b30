/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kprobe backend: entries of the functions a packet passes on its way through
 * a node. Entry probes only: a verdict shows in the next hook or in the drop.
 * The program's section names the function; the loader skips those a kernel lacks.
 */

/* Beside what a kprobe takes one return more is nothing. */
__noinline int kft_probed_is_other(__u64 skb)
{
	return kft_is_other(skb, 1, 0);
}

static __always_inline int kft_report_probed(struct kft_site *site)
{
	if (!kft_probed_is_other(site->skb))
		kft_report(site, 1);
	return 0;
}

static __always_inline int kft_at(struct sk_buff *skb, __u8 hook)
{
	struct kft_site site = {.skb = (__u64)skb, .hook = hook, .nf_hook = KFT_NF_HOOK_NONE};

	return kft_report_probed(&site);
}

#if KFT_DIRECT

/* What the state of a netfilter hook says of the place. Negative: not of an IP family. */
static __always_inline int kft_read_state(__u64 state, struct kft_site *site)
{
	__u8 pf = KFT_GET(state, struct nf_hook_state, pf);

	site->nf_hook = KFT_GET(state, struct nf_hook_state, hook);
	site->net = (__u64)KFT_GET(state, struct nf_hook_state, net);
	site->dev = (__u64)KFT_GET(state, struct nf_hook_state, in);
	site->out = (__u64)KFT_GET(state, struct nf_hook_state, out);
	/* NFPROTO_IPV4, NFPROTO_IPV6: not bridge, ARP, netdev */
	return pf == 2 || pf == 10 ? 0 : -1;
}

#else

__noinline int kft_read_state(__u64 state, struct kft_site *site)
{
	__u64 span[8];
	__u32 first = 0;
	__u8 pf = 0;

	if (!site || bpf_probe_read_kernel(span, sizeof(span), (void *)state))
		return -1;
#define KFT_OF_STATE(to, field) KFT_TAKE(to, span, first, state, struct nf_hook_state, field)
	KFT_OF_STATE(pf, pf);
	KFT_OF_STATE(site->nf_hook, hook);
	KFT_OF_STATE(site->net, net);
	KFT_OF_STATE(site->dev, in);
	KFT_OF_STATE(site->out, out);
#undef KFT_OF_STATE
	return pf == 2 || pf == 10 ? 0 : -1;
}

#endif

/* Names of tables are told apart by their first bytes. */
static __always_inline __u8 kft_table_named(const char *address)
{
	char n[12] = {};

	bpf_probe_read_kernel_str(n, sizeof(n), address);
	if (n[0] == 'f' && n[1] == 'i' && n[2] == 'l' && n[3] == 't' && n[4] == 'e')
		return KFT_TABLE_FILTER;
	if (n[0] == 'n' && n[1] == 'a' && n[2] == 't' && !n[3])
		return KFT_TABLE_NAT;
	if (n[0] == 'm' && n[1] == 'a' && n[2] == 'n' && n[3] == 'g')
		return KFT_TABLE_MANGLE;
	if (n[0] == 'r' && n[1] == 'a' && n[2] == 'w' && !n[3])
		return KFT_TABLE_RAW;
	if (n[0] == 's' && n[1] == 'e' && n[2] == 'c' && n[3] == 'u')
		return KFT_TABLE_SECURITY;
	if (n[0] == 'k' && n[1] == 'u' && n[2] == 'b' && n[3] == 'e' && n[4] == '-' && n[5] == 'p')
		return KFT_TABLE_KUBE_PROXY;
	return KFT_TABLE_OTHER;
}

/* `name`: of the table, if it has one; read for packets that may be of interest alone. */
static __always_inline int kft_at_hook(struct sk_buff *skb, struct nf_hook_state *state, __u8 hook,
				       __u8 table, const char *name)
{
	struct kft_site site = {.skb = (__u64)skb, .hook = hook, .table = table};

	if (kft_probed_is_other(site.skb))
		return 0;
	if (name)
		site.table = kft_table_named(name);
	if (!kft_read_state((__u64)state, &site))
		kft_report(&site, 1);
	return 0;
}

SEC("kprobe/nf_conntrack_in")
int BPF_KPROBE(kft_conntrack_in, struct sk_buff *skb, struct nf_hook_state *state)
{
	return kft_at_hook(skb, state, KFT_CONNTRACK_IN, 0, NULL);
}

SEC("kprobe/__nf_conntrack_confirm")
int BPF_KPROBE(kft_conntrack_confirm, struct sk_buff *skb)
{
	return kft_at(skb, KFT_CONNTRACK_CONFIRM);
}

SEC("kprobe/nf_nat_inet_fn")
int BPF_KPROBE(kft_nat_fn, void *priv, struct sk_buff *skb, struct nf_hook_state *state)
{
	return kft_at_hook(skb, state, KFT_NAT_FN, KFT_TABLE_NAT, NULL);
}

SEC("kprobe/nf_nat_manip_pkt")
int BPF_KPROBE(kft_nat_manip, struct sk_buff *skb, struct nf_conn *ct, int type)
{
	struct kft_site site = {
		.skb = (__u64)skb,
		.hook = KFT_NAT_MANIP,
		.nf_hook = KFT_NF_HOOK_NONE,
		.table = KFT_TABLE_NAT,
	};

	return kft_report_probed(&site);
}

SEC("kprobe/nf_hook_slow")
int BPF_KPROBE(kft_hook_slow, struct sk_buff *skb, struct nf_hook_state *state)
{
	return kft_at_hook(skb, state, KFT_HOOK_SLOW, 0, NULL);
}

SEC("kprobe/ipt_do_table")
int BPF_KPROBE(kft_ipt_do_table, struct xt_table *table, struct sk_buff *skb,
	       struct nf_hook_state *state)
{
	if (!bpf_core_type_exists(struct xt_table))
		return kft_at_hook(skb, state, KFT_IPT_TABLE, KFT_TABLE_OTHER, NULL);
	return kft_at_hook(skb, state, KFT_IPT_TABLE, KFT_TABLE_OTHER, table->name);
}

SEC("kprobe/ip6t_do_table")
int BPF_KPROBE(kft_ip6t_do_table, struct xt_table *table, struct sk_buff *skb,
	       struct nf_hook_state *state)
{
	if (!bpf_core_type_exists(struct xt_table))
		return kft_at_hook(skb, state, KFT_IPT_TABLE, KFT_TABLE_OTHER, NULL);
	return kft_at_hook(skb, state, KFT_IPT_TABLE, KFT_TABLE_OTHER, table->name);
}

SEC("kprobe/nft_do_chain")
int BPF_KPROBE(kft_nft_do_chain, struct nft_pktinfo *pkt, struct nft_chain *chain)
{
	if (!bpf_core_type_exists(struct nft_pktinfo))
		return 0;
	return kft_at_hook(
		KFT_GET(pkt, struct nft_pktinfo, skb), KFT_GET(pkt, struct nft_pktinfo, state),
		KFT_NFT_CHAIN, KFT_TABLE_OTHER,
		KFT_GET(KFT_GET(chain, struct nft_chain, table), struct nft_table, name));
}

SEC("kprobe/ip_rcv")
int BPF_KPROBE(kft_ip_rcv, struct sk_buff *skb)
{
	return kft_at(skb, KFT_IP_RCV);
}

SEC("kprobe/ipv6_rcv")
int BPF_KPROBE(kft_ipv6_rcv, struct sk_buff *skb)
{
	return kft_at(skb, KFT_IP_RCV);
}

SEC("kprobe/ip_forward")
int BPF_KPROBE(kft_ip_forward, struct sk_buff *skb)
{
	return kft_at(skb, KFT_IP_FORWARD);
}

SEC("kprobe/ip6_forward")
int BPF_KPROBE(kft_ip6_forward, struct sk_buff *skb)
{
	return kft_at(skb, KFT_IP_FORWARD);
}

SEC("kprobe/ip_local_deliver")
int BPF_KPROBE(kft_ip_deliver, struct sk_buff *skb)
{
	return kft_at(skb, KFT_IP_DELIVER);
}

SEC("kprobe/ip6_input")
int BPF_KPROBE(kft_ip6_input, struct sk_buff *skb)
{
	return kft_at(skb, KFT_IP_DELIVER);
}

static __always_inline int kft_output(struct net *net, struct sk_buff *skb)
{
	struct kft_site site = {
		.skb = (__u64)skb,
		.net = (__u64)net,
		.out = kft_route_dev(KFT_GET(skb, struct sk_buff, _skb_refdst)),
		.hook = KFT_IP_OUTPUT,
		.nf_hook = KFT_NF_HOOK_NONE,
	};

	return kft_report_probed(&site);
}

SEC("kprobe/ip_output")
int BPF_KPROBE(kft_ip_output, struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return kft_output(net, skb);
}

SEC("kprobe/ip6_output")
int BPF_KPROBE(kft_ip6_output, struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return kft_output(net, skb);
}

SEC("kprobe/br_handle_frame_finish")
int BPF_KPROBE(kft_bridge_in, struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return kft_at(skb, KFT_BRIDGE_IN);
}

SEC("kprobe/br_dev_queue_push_xmit")
int BPF_KPROBE(kft_bridge_out, struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return kft_at(skb, KFT_BRIDGE_OUT);
}

SEC("kprobe/vxlan_xmit")
int BPF_KPROBE(kft_vxlan_xmit, struct sk_buff *skb)
{
	return kft_at(skb, KFT_VXLAN_XMIT);
}

SEC("kprobe/vxlan_rcv")
int BPF_KPROBE(kft_vxlan_rcv, struct sock *sk, struct sk_buff *skb)
{
	return kft_at(skb, KFT_VXLAN_RCV);
}

/*
 * A direction of IPVS's own entry, as kft_read_tuple has it of conntrack's. Inlined: libbpf looks up the
 * types of all that is shared, and this one is a module's.
 */
static __always_inline int kft_read_ipvs(__u64 entry, int dir, struct kft_tuple *t)
{
	__u16 family;

	if (!t)
		return -1;
	family = KFT_GET(entry, struct ip_vs_conn, af);
	if (dir) {
		*(union nf_inet_addr *)t->saddr = KFT_GET(entry, struct ip_vs_conn, daddr);
		*(union nf_inet_addr *)t->daddr = KFT_GET(entry, struct ip_vs_conn, caddr);
		t->sport = KFT_GET(entry, struct ip_vs_conn, dport);
		t->dport = KFT_GET(entry, struct ip_vs_conn, cport);
	} else {
		*(union nf_inet_addr *)t->saddr = KFT_GET(entry, struct ip_vs_conn, caddr);
		*(union nf_inet_addr *)t->daddr = KFT_GET(entry, struct ip_vs_conn, vaddr);
		t->sport = KFT_GET(entry, struct ip_vs_conn, cport);
		t->dport = KFT_GET(entry, struct ip_vs_conn, vport);
	}
	if (family == 2) { /* AF_INET */
		kft_map_v4_in_place(t->saddr);
		kft_map_v4_in_place(t->daddr);
	}
	return 0;
}

static __always_inline int kft_ipvs(struct sk_buff *skb, struct ip_vs_conn *cp)
{
	struct kft_site site = {
		.skb = (__u64)skb,
		.hook = KFT_IPVS,
		.nf_hook = KFT_NF_HOOK_NONE,
	};
	struct kft_ipvs_tuples *tuples = kft_ipvs_tuples();

	if (tuples && bpf_core_type_exists(struct ip_vs_conn)) {
		kft_read_ipvs((__u64)cp, 0, &tuples->orig);
		kft_read_ipvs((__u64)cp, 1, &tuples->reply);
		site.ipvs = 1;
	}
	kft_report(&site, 1);
	return 0;
}

SEC("kprobe/ip_vs_nat_xmit")
int BPF_KPROBE(kft_ipvs_nat, struct sk_buff *skb, struct ip_vs_conn *cp)
{
	return kft_ipvs(skb, cp);
}

SEC("kprobe/ip_vs_nat_xmit_v6")
int BPF_KPROBE(kft_ipvs_nat6, struct sk_buff *skb, struct ip_vs_conn *cp)
{
	return kft_ipvs(skb, cp);
}

static __always_inline int kft_icmp_error(struct sk_buff *skb, __u8 type, __u8 code)
{
	struct kft_site site = {
		.skb = (__u64)skb,
		.hook = KFT_ICMP_SEND,
		.nf_hook = KFT_NF_HOOK_NONE,
		.icmp_type = type,
		.icmp_code = code,
	};

	return kft_report_probed(&site);
}

SEC("kprobe/__icmp_send")
int BPF_KPROBE(kft_icmp_send, struct sk_buff *skb, int type, int code)
{
	return kft_icmp_error(skb, type, code);
}

SEC("kprobe/icmp6_send")
int BPF_KPROBE(kft_icmp6_send, struct sk_buff *skb, int type, int code)
{
	return kft_icmp_error(skb, type, code);
}
