/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is this packet of interest? Two loads for most of those that are not. */
#ifndef KFT_MATCH_BPF_H
#define KFT_MATCH_BPF_H

static __always_inline __u32 kft_address_hash(const __u8 *addr)
{
	const __u32 *w = (const __u32 *)addr;

	/* the loader computes the same: see MatchSet.swift */
	return ((w[0] ^ w[1] * 0x85ebca6b ^ w[2] * 0xc2b2ae35 ^ w[3]) * 0x9e3779b1) >> 16;
}

static __always_inline int kft_bit(const __u64 *bits, __u32 n)
{
	return bits[(n & (KFT_BLOOM_BITS - 1)) / 64] >> (n & 63) & 1;
}

static __always_inline void kft_set_bit(__u64 *bits, __u32 n)
{
	__sync_fetch_and_or(&bits[(n & (KFT_BLOOM_BITS - 1)) / 64], 1ull << (n & 63));
}

static __always_inline int kft_address_known(const __u8 *addr)
{
	return kft_bit(kft_bits.address, kft_address_hash(addr));
}

static __always_inline int kft_v4_known(__u32 v4)
{
	__u8 addr[16] __attribute__((aligned(4)));

	kft_map_v4(addr, v4);
	return kft_address_known(addr);
}

static __always_inline int kft_ports_known(__u16 sport, __u16 dport)
{
	return kft_config.port_keys &&
	       (kft_bit(kft_bits.port, sport) | kft_bit(kft_bits.port, dport));
}

static __always_inline struct kft_match_value *kft_lookup(const __u8 *addr, __u16 port, __u8 proto)
{
	struct kft_match_key key = {};

	if (addr)
		kft_copy_address(key.addr, addr);
	key.port = port;
	key.proto = proto;
	return bpf_map_lookup_elem(&kft_match, &key);
}

static __always_inline void kft_add_value(struct kft_match_value *sum,
					  const struct kft_match_value *v)
{
	if (v) {
		sum->any |= v->any;
		sum->a |= v->a;
		sum->b |= v->b;
	}
}

/* What is known of one side, over every form of key. */
static __always_inline void kft_side(const __u8 *addr, __u16 port, __u8 proto,
				     struct kft_match_value *out)
{
	if (kft_address_known(addr)) {
		if (kft_config.full_keys)
			kft_add_value(out, kft_lookup(addr, port, proto));
		if (kft_config.address_keys)
			kft_add_value(out, kft_lookup(addr, 0, 0));
	}
	if (kft_config.port_keys && port && kft_bit(kft_bits.port, port))
		kft_add_value(out, kft_lookup(NULL, port, proto));
}

/* Whether a tuple may be of interest, by the bits alone. */
static __always_inline int kft_may_match(const struct kft_tuple *t)
{
	return kft_address_known(t->saddr) | kft_address_known(t->daddr) |
	       kft_ports_known(t->sport, t->dport);
}

/* One return after the other: a packet of interest mostly is so by its destination. */
__noinline int kft_tuple_matches(const struct kft_tuple *t, __u8 proto)
{
	struct kft_match_value s = {}, d = {};

	if (!t)
		return 0;
	kft_side(t->daddr, t->dport, proto, &d);
	if (d.any)
		return 1;
	kft_side(t->saddr, t->sport, proto, &s);
	return s.any || (s.a & d.b) || (s.b & d.a);
}

/* The time it was learned in the kernel's ticks, 0 if it is not known. */
KFT_STAGE __u64 kft_flow_learned(const struct kft_tuple *t, __u8 proto)
{
	struct kft_flow_key key;
	__u64 *tick;

	if (!t || !kft_address_known(t->saddr))
		return 0;
	key.tuple = *t;
	key.proto = proto;
	tick = bpf_map_lookup_elem(&kft_flows, &key);
	return tick ? *tick : 0;
}

/* Learned, as most are, or of the match set. */
static __always_inline int kft_wanted(const struct kft_tuple *t, __u8 proto)
{
	return kft_flow_learned(t, proto) || kft_tuple_matches(t, proto);
}

__noinline int kft_learn(const struct kft_tuple *t, __u8 proto)
{
	struct kft_flow_key key;
	__u64 tick = bpf_jiffies64();

	if (!t)
		return 0;
	key.tuple = *t;
	key.proto = proto;
	kft_set_bit(kft_bits.address, kft_address_hash(t->saddr));
	kft_set_bit(kft_bits.address, kft_address_hash(t->daddr));
	bpf_map_update_elem(&kft_flows, &key, &tick, BPF_ANY);
	kft_copy_address(key.tuple.saddr, t->daddr);
	kft_copy_address(key.tuple.daddr, t->saddr);
	key.tuple.sport = t->dport;
	key.tuple.dport = t->sport;
	bpf_map_update_elem(&kft_flows, &key, &tick, BPF_ANY);
	return 0;
}

#endif
