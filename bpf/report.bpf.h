/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filter, reserve, count the loss, fill, submit: the way of every event. */
#ifndef KFT_REPORT_BPF_H
#define KFT_REPORT_BPF_H

/*
 * What a hook knows of the place beyond what the sk_buff says; the rest is found
 * on the way.
 */
struct kft_site {
	/* addresses are numbers to the verifier once they are in memory, whatever the context was */
	__u64 skb;
	__u64 net;
	__u64 dev;
	__u64 out;
	__u64 ct;
	__u64 location;
	__u32 reason;
	struct kft_place place;
	__u16 gso_size;
	__u8 has_gso_size; /* it is known */
	__u8 by_tracepoint; /* a device's packet, told by a tracepoint */
	__u8 ct_dir;
	__u8 ipvs; /* kft_ipvs_entry has its tuples */
	__u8 hook;
	__u8 nf_hook;
	__u8 table;
	__u8 icmp_type, icmp_code;
};

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

/* Finds out where the packet is: its device, and the namespace's, the device's or the socket's. */
static __always_inline void kft_fill_place(struct kft_site *site)
{
	__u64 sk;

	if (!site->dev)
		site->dev = (__u64)KFT_GET(site->skb, struct sk_buff, dev);
	if (site->dev) {
		kft_find_place(site->dev, 0, &site->place);
	} else if (!site->net) {
		sk = (__u64)KFT_GET(site->skb, struct sk_buff, sk);
		if (sk)
			site->net = (__u64)KFT_GET(sk, struct sock, __sk_common.skc_net.net);
	}
	if (site->net)
		kft_find_place(site->net, 1, &site->place);
}

/* The device of the route on the packet, if it has one. */
static __always_inline __u64 kft_route_dev(__u64 refdst)
{
	__u64 dst = refdst & ~1ull;

	return dst ? (__u64)KFT_GET(dst, struct dst_entry, dev) : 0;
}

static __always_inline __u16 kft_gso_size(const struct kft_skb *skb)
{
	return KFT_GET(skb->head + skb->end, struct skb_shared_info, gso_size);
}

/* The device of the route, and the MTU that counts. */
static __always_inline void kft_fill_route(struct kft_event *e, const struct kft_skb *skb,
					   const struct kft_site *site)
{
	__u64 out = site->out ?: kft_route_dev(skb->refdst);
	struct kft_place place = {.mtu = site->place.mtu};

	if (out)
		kft_find_place(out, 0, &place);
	e->out_ifindex = place.ifindex;
	e->mtu = place.mtu > 65535 ? 65535 : place.mtu;
}

/*
 * Wakes the reader when it would come late by itself. How full the buffer is is asked once in a while:
 * in a millisecond less comes than is left when it is to be woken.
 */
static __always_inline __u64 kft_wake(__u64 now)
{
	if (now - kft_looked < KFT_LOOK_EVERY)
		return BPF_RB_NO_WAKEUP;
	kft_looked = now;
	if (bpf_ringbuf_query(&kft_events, BPF_RB_AVAIL_DATA) < kft_config.wake_bytes)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}

/* The end of every way in: the packet is parsed and of interest. */
KFT_STAGE int kft_emit(const struct kft_skb *skb, const struct kft_packet *p,
		       const struct kft_site *site)
{
	struct kft_ipvs_tuples *ipvs;
	struct kft_dns_event *d = NULL;
	struct kft_event *e;
	__u32 length = 0, more;

	if (!skb || !p || !site)
		return 0;
	if (kft_config.dns)
		length = kft_dns_length(p, skb->head);
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
	/*
	 * The reader had these cache lines last, on another processor: they are asked for at once, as
	 * submitting waits for them.
	 */
	*(volatile __u64 *)((void *)e + 56) = 0;
	*(volatile __u64 *)((void *)e + 120) = 0;
	*(volatile __u64 *)((void *)e + 184) = 0;
	e->time_ns = bpf_ktime_get_boot_ns();
	e->skb = site->skb;
	e->location = site->location;
	e->netns = site->place.netns;
	e->ifindex = site->place.ifindex;
	kft_fill_route(e, skb, site);
	e->len = p->len ?: skb->len;
	e->mark = skb->mark;
	e->seq = p->seq;
	e->ack = p->ack;
	e->reason = site->reason;
	e->vni = p->vni;
	e->ip_id = p->ip_id;
	e->frag = p->frag;
	e->ct_status = 0;
	e->ct_zone = 0;
	e->payload = p->payload;
	e->gso_size = site->has_gso_size ? site->gso_size : kft_gso_size(skb);
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
	if (p->flags & (KFT_F_TUNNEL | KFT_F_ICMP_ERROR)) {
		e->orig = p->outer;
		__builtin_memset(&e->reply, 0, sizeof(e->reply));
	} else if (site->ipvs && (ipvs = kft_ipvs_tuples())) {
		e->flags |= KFT_F_CONNTRACK;
		e->orig = ipvs->orig;
		e->reply = ipvs->reply;
	} else if (site->ct && bpf_core_type_exists(struct nf_conn)) {
		e->flags |= KFT_F_CONNTRACK;
		more = kft_read_conn(site->ct, &e->orig, &e->reply);
		e->ct_status = more;
		e->ct_zone = more >> 16;
	} else {
		__builtin_memset(&e->orig, 0, sizeof(e->orig));
		__builtin_memset(&e->reply, 0, sizeof(e->reply));
	}
	if (d) {
		if (length > KFT_DNS_BYTES)
			length = KFT_DNS_BYTES;
		d->length = length;
		bpf_probe_read_kernel(d->data, length, (void *)(skb->head + p->data));
	}
	bpf_ringbuf_submit(e, kft_wake(e->time_ns));
	return 1;
}

/* An entry's tuples are learned again after so many ticks: others may have taken their places. */
#define KFT_LEARNED_TICKS 256

/* Whether the entry's tuples are of interest; if so its packets are from now on. */
KFT_STAGE int kft_conn_matches(__u64 ct, __u8 proto)
{
	struct kft_tuple t;
	__u64 learned;

	kft_read_tuple(ct, 0, &t);
	learned = kft_flow_learned(&t, proto);
	if (learned && bpf_jiffies64() - learned < KFT_LEARNED_TICKS)
		return 1;
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
__noinline int kft_settle_ipvs(struct kft_site *site, __u8 proto)
{
	struct kft_ipvs_tuples *ipvs;
	struct kft_tuple t;

	if (!site)
		return 0;
	if (site->ct && bpf_core_type_exists(struct nf_conn) &&
	    KFT_GET(site->ct, struct nf_conn, status) & 8) { /* IPS_CONFIRMED */
		site->ipvs = 0;
		return 0;
	}
	ipvs = kft_ipvs_tuples();
	if (!kft_config.match_all && ipvs) {
		t = ipvs->reply;
		kft_learn(&t, proto);
	}
	return 0;
}

/* Whether packets of that place are. Loopback, which has the index 1 everywhere, is no device to us. */
static __always_inline int kft_place_wanted(const struct kft_site *site)
{
	__u32 netns = site->place.netns; /* 6.1 takes keys from the stack only */

	if (kft_config.netns_filter && !bpf_map_lookup_elem(&kft_netns, &netns))
		return 0;
	return !site->by_tracepoint ||
	       (site->place.ifindex != 1 && bpf_map_lookup_elem(&kft_crowded, &netns));
}

/*
 * Report the packet if it is of interest. `learn` looks at the conntrack entry
 * too, for hooks that see one; the others rely on what those have learned.
 */
__noinline int kft_report(struct kft_site *site, int learn)
{
	struct kft_skb skb = {};
	struct kft_packet p = {};

	if (!site)
		return 0;
	/* that one comes before the stack looks for the header */
	skb.from_data = site->by_tracepoint && site->hook == KFT_TC_INGRESS;
	if (kft_parse(site->skb, &skb, &p)) {
		/* what is freed may have been taken apart before */
		if (p.flags & KFT_F_TRUNCATED && site->hook != KFT_DROP)
			kft_count(KFT_COUNT_TRUNCATED);
		return 0;
	}
	if (kft_config.proto && kft_config.proto != p.proto)
		return 0;
	site->ct = kft_conn(&skb, &site->ct_dir);
	if (!kft_config.match_all &&
	    !(learn && site->ct && !(p.flags & (KFT_F_TUNNEL | KFT_F_ICMP_ERROR)) &&
	      kft_conn_matches(site->ct, p.proto)) &&
	    !(kft_may_match(&p.tuple) && kft_wanted(&p.tuple, p.proto)))
		return 0;
	if (site->ipvs)
		kft_settle_ipvs(site, p.proto);
	kft_fill_place(site);
	if (!kft_place_wanted(site))
		return 0;
	return kft_emit(&skb, &p, site);
}

#endif
