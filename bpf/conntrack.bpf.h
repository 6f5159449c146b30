/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is read of conntrack's entries. */
#ifndef KFT_CONNTRACK_BPF_H
#define KFT_CONNTRACK_BPF_H

/* An IPv4 address in the first four of sixteen bytes. */
static __always_inline void kft_map_v4_in_place(__u8 *addr)
{
	kft_map_v4(addr, *(__u32 *)addr);
}

/* A field of a tuple of conntrack's, among its bytes. */
#define KFT_OF_TUPLE(bytes, field)                                                                 \
	((const void *)(bytes) + bpf_core_field_offset(struct nf_conntrack_tuple, field))

/* A tuple of conntrack's, from its bytes. */
static __always_inline void kft_take_tuple(const void *from, int dir, struct kft_tuple *t)
{
	__u8 proto;

	kft_copy_address(t->saddr, KFT_OF_TUPLE(from, src.u3));
	kft_copy_address(t->daddr, KFT_OF_TUPLE(from, dst.u3));
	t->sport = *(const __u16 *)KFT_OF_TUPLE(from, src.u.all);
	t->dport = *(const __u16 *)KFT_OF_TUPLE(from, dst.u.all);
	proto = *(const __u8 *)KFT_OF_TUPLE(from, dst.protonum);
	if (proto == KFT_PROTO_ICMP || proto == KFT_PROTO_ICMPV6) {
		/* the source's "port" is the identifier both ways, the destination's type and code */
		t->dport = dir ? t->sport : 0;
		t->sport = dir ? 0 : t->sport;
	}
	if (*(const __u16 *)KFT_OF_TUPLE(from, src.l3num) == 2) { /* AF_INET */
		kft_map_v4_in_place(t->saddr);
		kft_map_v4_in_place(t->daddr);
	}
}

/* Where an entry has its tuple of that direction. */
static __always_inline __u64 kft_tuple_address(__u64 ct, int dir)
{
	__u64 at = ct + bpf_core_field_offset(struct nf_conn, tuplehash) +
		   bpf_core_field_offset(struct nf_conntrack_tuple_hash, tuple);

	return dir ? at + bpf_core_type_size(struct nf_conntrack_tuple_hash) : at;
}

#if KFT_DIRECT

/* One tuple of an entry. */
static __always_inline void kft_read_tuple(__u64 ct, int dir, struct kft_tuple *t)
{
	if (bpf_core_type_exists(struct nf_conn))
		kft_take_tuple(kft_bytes(kft_tuple_address(ct, dir)), dir, t);
}

/* All of an entry: both tuples; its status, and above it the zone. */
static __always_inline __u32 kft_read_conn(__u64 ct, struct kft_tuple *orig,
					   struct kft_tuple *reply)
{
	__u16 status, zone = 0;

	kft_take_tuple(kft_bytes(kft_tuple_address(ct, 0)), 0, orig);
	kft_take_tuple(kft_bytes(kft_tuple_address(ct, 1)), 1, reply);
	status = KFT_GET(ct, struct nf_conn, status);
	if (bpf_core_field_exists(struct nf_conn, zone))
		zone = KFT_GET(ct, struct nf_conn, zone.id);
	return (__u32)zone << 16 | status;
}

#else

__noinline int kft_read_tuple(__u64 ct, int dir, struct kft_tuple *t)
{
	__u64 span[5];

	if (!t || !bpf_core_type_exists(struct nf_conn))
		return -1;
	bpf_probe_read_kernel(span, sizeof(span), (void *)kft_tuple_address(ct, dir));
	kft_take_tuple(span, dir, t);
	return 0;
}

static __always_inline __u32 kft_read_conn(__u64 ct, struct kft_tuple *orig,
					   struct kft_tuple *reply)
{
	__u64 span[8];
	__u64 status = 0, first;
	__u16 zone = 0;

	/* zone is before the tuples, and status follows them; there is no stack for all at once */
	first = kft_tuple_address(0, 0) - 24;
	bpf_probe_read_kernel(span, sizeof(span), (void *)(ct + first));
	kft_take_tuple(span + 3, 0, orig);
	if (bpf_core_field_exists(struct nf_conn, zone))
		KFT_TAKE(zone, span, first, ct, struct nf_conn, zone.id);
	first = kft_tuple_address(0, 1);
	bpf_probe_read_kernel(span, sizeof(span), (void *)(ct + first));
	kft_take_tuple(span, 1, reply);
	KFT_TAKE(status, span, first, ct, struct nf_conn, status);
	return (__u32)zone << 16 | (status & 0xffff);
}

#endif

/* The entry of skb->_nfct; 0 without one. The low 3 bits are ctinfo. */
static __always_inline __u64 kft_conn(const struct kft_skb *skb, __u8 *dir)
{
	*dir = 0;
	if (!bpf_core_type_exists(struct nf_conn))
		return 0;
	/* IP_CT_IS_REPLY is 3: established and related replies are 3 and 4 */
	*dir = (skb->nfct & 7) >= 3 && (skb->nfct & 7) != 7;
	return skb->nfct & ~7ull;
}

#endif
