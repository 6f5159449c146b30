/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filter, reserve, count the loss, fill, submit: the way of every event. */
#ifndef KFT_REPORT_BPF_H
#define KFT_REPORT_BPF_H

/*
 * What a hook knows of the place beyond what the sk_buff says; the rest is found
 * on the way.
 */
struct kft_site {
	__u64 skb; /* in memory it is a number to the verifier, whatever the context was */
	struct net *net;
	struct net_device *dev;
	struct net_device *out;
	struct nf_conn *ct;
	__u64 location;
	__u32 reason;
	__u32 netns;
	__u8 ct_dir;
	__u8 ipvs; /* kft_ipvs_entry has its tuples */
	__u8 hook;
	__u8 nf_hook;
	__u8 table;
	__u8 icmp_type, icmp_code;
};

__noinline int kft_read_tuple(__u64 ct, int dir, struct kft_tuple *t)
{
	struct nf_conntrack_tuple_hash *h;
	__u16 family;
	__u8 proto;

	if (!t)
		return -1;
	if (!bpf_core_type_exists(struct nf_conn))
		return -1;
	h = (void *)ct + bpf_core_field_offset(struct nf_conn, tuplehash);
	if (dir)
		h = (void *)h + bpf_core_type_size(struct nf_conntrack_tuple_hash);
	BPF_CORE_READ_INTO(&family, h, tuple.src.l3num);
	BPF_CORE_READ_INTO((union nf_inet_addr *)t->saddr, h, tuple.src.u3);
	BPF_CORE_READ_INTO((union nf_inet_addr *)t->daddr, h, tuple.dst.u3);
	BPF_CORE_READ_INTO(&t->sport, h, tuple.src.u.all);
	BPF_CORE_READ_INTO(&t->dport, h, tuple.dst.u.all);
	BPF_CORE_READ_INTO(&proto, h, tuple.dst.protonum);
	if (proto == KFT_PROTO_ICMP || proto == KFT_PROTO_ICMPV6) {
		/* the source's "port" is the identifier both ways, the destination's type and code */
		t->dport = dir ? t->sport : 0;
		t->sport = dir ? 0 : t->sport;
	}
	if (family == 2) { /* AF_INET */
		kft_map_v4_in_place(t->saddr);
		kft_map_v4_in_place(t->daddr);
	}
	return 0;
}

/*
 * What the kprobe of IPVS read from its own entry, for the event about to be made: the type is of a
 * module, and programs that never see one are not to ask for it.
 */
struct kft_ipvs_tuples {
	struct kft_tuple orig;
	struct kft_tuple reply;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kft_ipvs_tuples);
} kft_ipvs_entry SEC(".maps");

static __always_inline struct kft_ipvs_tuples *kft_ipvs_tuples(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&kft_ipvs_entry, &zero);
}

/* The entry of skb->_nfct; NULL without one. The low 3 bits are ctinfo. */
static __always_inline struct nf_conn *kft_conn(struct sk_buff *skb, __u8 *dir)
{
	unsigned long nfct;

	*dir = 0;
	if (!bpf_core_type_exists(struct nf_conn))
		return NULL;
	nfct = BPF_CORE_READ(skb, _nfct);
	/* IP_CT_IS_REPLY is 3: established and related replies are 3 and 4 */
	*dir = (nfct & 7) >= 3 && (nfct & 7) != 7;
	return (struct nf_conn *)(nfct & ~7ul);
}

static __always_inline __u32 kft_netns_of(struct sk_buff *skb, struct net *net)
{
	struct net_device *dev;
	struct sock *sk;

	if (!net) {
		dev = BPF_CORE_READ(skb, dev);
		if (dev) {
			net = BPF_CORE_READ(dev, nd_net.net);
		} else {
			sk = BPF_CORE_READ(skb, sk);
			if (sk)
				net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
		}
	}
	return net ? BPF_CORE_READ(net, ns.inum) : 0;
}

/* The device of the route on the packet, if it has one. */
static __always_inline struct net_device *kft_route_dev(struct sk_buff *skb)
{
	struct dst_entry *dst = (struct dst_entry *)(BPF_CORE_READ(skb, _skb_refdst) & ~1ul);

	return dst ? BPF_CORE_READ(dst, dev) : NULL;
}

static __always_inline __u16 kft_gso_size(struct sk_buff *skb)
{
	struct skb_shared_info *info =
		(struct skb_shared_info *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));

	return BPF_CORE_READ(info, gso_size);
}

static __always_inline void kft_fill_devices(struct kft_event *e, struct sk_buff *skb,
					     const struct kft_site *site)
{
	struct net_device *dev = site->dev ?: BPF_CORE_READ(skb, dev);
	struct net_device *out = site->out ?: kft_route_dev(skb);
	__u32 mtu = 0;

	e->ifindex = dev ? BPF_CORE_READ(dev, ifindex) : 0;
	e->out_ifindex = out ? BPF_CORE_READ(out, ifindex) : 0;
	if (out)
		mtu = BPF_CORE_READ(out, mtu);
	else if (dev)
		mtu = BPF_CORE_READ(dev, mtu);
	e->mtu = mtu > 65535 ? 65535 : mtu;
}

/* The end of every way in: the packet is parsed and of interest. */
__noinline int kft_emit(const struct kft_packet *p, const struct kft_site *site)
{
	struct sk_buff *skb;
	struct nf_conn *ct;
	struct kft_ipvs_tuples *ipvs;
	struct kft_dns_event *d = NULL;
	struct kft_event *e;
	__u64 head = 0;
	__u32 length = 0;

	if (!p || !site)
		return 0;
	skb = (struct sk_buff *)site->skb;
	ct = site->ct;
	if (kft_config.dns) {
		head = (__u64)BPF_CORE_READ(skb, head);
		length = kft_dns_length(p, head);
	}
	if (length) {
		d = bpf_ringbuf_reserve(&kft_events, sizeof(*d), 0);
		e = d ? &d->event : NULL;
	} else {
		e = bpf_ringbuf_reserve(&kft_events, sizeof(*e), 0);
	}
	if (!e) {
		kft_count(KFT_COUNT_LOST);
		return 0;
	}
	kft_count(KFT_COUNT_SENT);
	e->time_ns = bpf_ktime_get_boot_ns();
	e->skb = (__u64)skb;
	e->location = site->location;
	e->netns = site->netns;
	kft_fill_devices(e, skb, site);
	e->len = p->len ?: BPF_CORE_READ(skb, len);
	e->mark = BPF_CORE_READ(skb, mark);
	e->seq = p->seq;
	e->ack = p->ack;
	e->reason = site->reason;
	e->vni = p->vni;
	e->ip_id = p->ip_id;
	e->frag = p->frag;
	e->ct_status = 0;
	e->ct_zone = 0;
	e->payload = p->payload;
	e->gso_size = kft_gso_size(skb);
	e->hook = site->hook;
	e->nf_hook = site->nf_hook;
	e->proto = p->proto;
	e->ttl = p->ttl;
	e->tcp_flags = p->tcp_flags;
	e->icmp_type = site->icmp_type ?: p->icmp_type;
	e->icmp_code = site->icmp_type ? site->icmp_code : p->icmp_code;
	e->flags = p->flags;
	e->table = site->table;
	e->ct_dir = site->ct_dir;
	e->tuple = p->tuple;
	__builtin_memset(&e->reply, 0, sizeof(e->reply));
	if (p->flags & (KFT_F_TUNNEL | KFT_F_ICMP_ERROR)) {
		e->orig = p->outer;
	} else if (site->ipvs && (ipvs = kft_ipvs_tuples())) {
		e->flags |= KFT_F_CONNTRACK;
		e->orig = ipvs->orig;
		e->reply = ipvs->reply;
	} else if (ct && bpf_core_type_exists(struct nf_conn)) {
		e->flags |= KFT_F_CONNTRACK;
		kft_read_tuple((__u64)ct, 0, &e->orig);
		kft_read_tuple((__u64)ct, 1, &e->reply);
		e->ct_status = BPF_CORE_READ(ct, status);
		if (bpf_core_field_exists(struct nf_conn, zone))
			e->ct_zone = BPF_CORE_READ(ct, zone.id);
	} else {
		__builtin_memset(&e->orig, 0, sizeof(e->orig));
	}
	if (d) {
		if (length > KFT_DNS_BYTES)
			length = KFT_DNS_BYTES;
		d->length = length;
		bpf_probe_read_kernel(d->data, length, (void *)(head + p->data));
	}
	bpf_ringbuf_submit(e, 0);
	return 1;
}

/* Whether the entry's tuples are of interest; if so its packets are from now on. */
__noinline int kft_conn_matches(__u64 ct, __u8 proto)
{
	struct kft_tuple t;

	kft_read_tuple(ct, 0, &t);
	if (!kft_tuple_matches(&t, proto))
		return 0;
	kft_learn(&t, proto);
	kft_read_tuple(ct, 1, &t);
	kft_learn(&t, proto);
	return 1;
}

/*
 * conntrack's entry is told of the real server after the first packet was rewritten, and never
 * with net.ipv4.vs.conntrack=0: until then IPVS's own entry counts.
 */
static __always_inline void kft_settle_ipvs(struct kft_site *site, __u8 proto)
{
	struct nf_conn *ct = site->ct;
	struct kft_ipvs_tuples *ipvs;
	struct kft_tuple t;

	if (ct && bpf_core_type_exists(struct nf_conn) &&
	    BPF_CORE_READ(ct, status) & 8) { /* IPS_CONFIRMED */
		site->ipvs = 0;
		return;
	}
	ipvs = kft_ipvs_tuples();
	if (!kft_config.match_all && ipvs) {
		t = ipvs->reply;
		kft_learn(&t, proto);
	}
}

static __always_inline int kft_netns_wanted(__u32 netns)
{
	return !kft_config.netns_filter || bpf_map_lookup_elem(&kft_netns, &netns);
}

/*
 * Report the packet if it is of interest. `learn` looks at the conntrack entry
 * too, for hooks that see one; the others rely on what those have learned.
 */
__noinline int kft_report(struct kft_site *site, int learn)
{
	struct sk_buff *skb;
	struct kft_packet p = {};
	int of_entry = 0, wanted;

	if (!site)
		return 0;
	skb = (struct sk_buff *)site->skb;
	if (kft_parse(site->skb, &p)) {
		/* what is freed may have been taken apart before */
		if (p.flags & KFT_F_TRUNCATED && site->hook != KFT_DROP)
			kft_count(KFT_COUNT_TRUNCATED);
		else
			kft_count(KFT_COUNT_NOT_IP);
		return 0;
	}
	if (kft_config.proto && kft_config.proto != p.proto)
		return 0;
	wanted = kft_config.match_all || kft_tuple_matches(&p.tuple, p.proto) ||
		 kft_flow_known(&p.tuple, p.proto);
	if (!wanted && !learn)
		return 0;
	site->ct = kft_conn(skb, &site->ct_dir);
	if (learn && site->ct && !kft_config.match_all &&
	    !(p.flags & (KFT_F_TUNNEL | KFT_F_ICMP_ERROR)))
		of_entry = kft_conn_matches((__u64)site->ct, p.proto);
	if (!wanted && !of_entry)
		return 0;
	if (site->ipvs)
		kft_settle_ipvs(site, p.proto);
	site->netns = kft_netns_of(skb, site->net);
	if (!kft_netns_wanted(site->netns))
		return 0;
	return kft_emit(&p, site);
}

#endif
