/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The quick way out, for most packets of a node: those that can't be of interest. No function is called
 * and nothing is written; what is odd in any way is left to kft_report.
 */
#ifndef KFT_OTHER_BPF_H
#define KFT_OTHER_BPF_H

/* Bytes looked at: the header and the ports after it. */
#define KFT_PLAIN_V4 24
#define KFT_PLAIN_V6 44

/* What a first look at an IP header without options tells. */
struct kft_plain {
	__u32 length; /* of the header; 0: it is another one */
	__u8 proto;
	__u16 dport;
	int may_match; /* a later fragment's ports are none: it may say so for nothing */
};

static __always_inline struct kft_plain kft_look(const __u8 *h)
{
	struct kft_plain p = {};
	__u32 ports;

	if (h[0] == 0x45) {
		p.length = 20;
		p.proto = h[9];
		ports = *(const __u32 *)(h + 20);
		p.may_match = kft_v4_known(*(const __u32 *)(h + 12)) |
			      kft_v4_known(*(const __u32 *)(h + 16));
	} else if (h[0] >> 4 == 6) {
		p.length = 40;
		p.proto = h[6];
		ports = *(const __u32 *)(h + 40);
		p.may_match = kft_address_known(h + 8) | kft_address_known(h + 24);
	} else {
		return p;
	}
	p.dport = ports >> 16;
	p.may_match |= kft_ports_known(ports, p.dport);
	return p;
}

#if KFT_DIRECT

/* Whether an entry's original tuple may be of interest, by the bits alone. */
static __always_inline int kft_conn_may_match(__u64 ct)
{
	const __u8 *t = kft_bytes(kft_tuple_address(ct, 0));
	const __u8 *saddr = KFT_OF_TUPLE(t, src.u3), *daddr = KFT_OF_TUPLE(t, dst.u3);
	int known;

	if (*(const __u16 *)KFT_OF_TUPLE(t, src.l3num) == 2) /* AF_INET */
		known = kft_v4_known(*(const __u32 *)saddr) | kft_v4_known(*(const __u32 *)daddr);
	else
		known = kft_address_known(saddr) | kft_address_known(daddr);
	return known | kft_ports_known(*(const __u16 *)KFT_OF_TUPLE(t, src.u.all),
				       *(const __u16 *)KFT_OF_TUPLE(t, dst.u.all));
}

/* Whether the packet in a VXLAN packet's payload, which ends at `tail`, is an other one. */
static __always_inline int kft_vxlan_is_other(__u64 vxlan, __u64 tail)
{
	const __u8 *h = kft_bytes(vxlan);
	struct kft_plain inner;
	__u16 type;

	/* after VXLAN's header and Ethernet's */
	if (vxlan + 22 + KFT_PLAIN_V6 > tail || h[0] != 0x08)
		return 0;
	type = *(const __u16 *)(h + 20);
	if (type != bpf_htons(KFT_ETH_P_IP) && type != bpf_htons(KFT_ETH_P_IPV6))
		return 0;
	inner = kft_look(kft_bytes(vxlan + 22));
	return inner.length && !inner.may_match;
}

/*
 * Whether the sk_buff at an address can't be of interest. `learn` as for kft_report, `from_data` as in
 * kft_skb.
 */
static __always_inline int kft_is_other(__u64 address, int learn, int from_data)
{
	__u64 at, head, tail, ct;
	struct sk_buff *skb;
	struct kft_plain p;

	if (kft_config.match_all)
		return 0;
	skb = kft_cast_skb(address);
	if (skb->protocol != bpf_htons(KFT_ETH_P_IP) && skb->protocol != bpf_htons(KFT_ETH_P_IPV6))
		return 1;
	head = (__u64)skb->head;
	tail = head + skb->tail;
	at = from_data ? (__u64)skb->data : head + skb->network_header;
	ct = learn ? skb->_nfct & ~7ull : 0;
	p = kft_look(kft_bytes(at));
	if (!p.length || at + p.length + 4 > tail)
		return 0;
	if (p.proto == KFT_PROTO_UDP && kft_is_tunnel_port(p.dport))
		return kft_vxlan_is_other(at + p.length + 8, tail);
	if (kft_may_carry(p.proto, p.dport) || p.may_match)
		return 0;
	return !ct || !bpf_core_type_exists(struct nf_conn) || !kft_conn_may_match(ct);
}

#else

/* By probes there is no quicker way than kft_report's. */
static __always_inline int kft_is_other(__u64 address, int learn, int from_data)
{
	return 0;
}

#endif

#endif
