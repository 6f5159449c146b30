/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is this packet of interest? Two loads for most of those that are not. */
#ifndef KFT_MATCH_BPF_H
#define KFT_MATCH_BPF_H

static __always_inline __u32 kft_address_hash(const __u8 *addr)
{
	__u32 w[4];

	__builtin_memcpy(w, addr, 16);
	/* the loader computes the same: see MatchSet.swift */
	w[0] = (w[0] ^ w[1] * 0x85ebca6b ^ w[2] * 0xc2b2ae35 ^ w[3]) * 0x9e3779b1;
	return w[0] >> 16;
}

static __always_inline int kft_bit(const __u64 *bits, __u32 n)
{
	return bits[(n & (KFT_BLOOM_BITS - 1)) / 64] >> (n & 63) & 1;
}

static __always_inline void kft_set_bit(__u64 *bits, __u32 n)
{
	__sync_fetch_and_or(&bits[(n & (KFT_BLOOM_BITS - 1)) / 64], 1ull << (n & 63));
}

static __always_inline struct kft_match_value *kft_lookup(const __u8 *addr, __u16 port, __u8 proto)
{
	struct kft_match_key key = {};

	if (addr)
		__builtin_memcpy(key.addr, addr, 16);
	key.port = port;
	key.proto = proto;
	return bpf_map_lookup_elem(&kft_match, &key);
}

/* What is known of one side, over every form of key. */
static __always_inline void kft_side(const __u8 *addr, __u16 port, __u8 proto,
				     struct kft_match_value *out)
{
	struct kft_match_value *v = kft_lookup(addr, port, proto);

	if (v)
		*out = *v;
	if (kft_config.address_keys) {
		v = kft_lookup(addr, 0, 0);
		if (v) {
			out->any |= v->any;
			out->a |= v->a;
			out->b |= v->b;
		}
	}
	if (kft_config.port_keys && port) {
		v = kft_lookup(NULL, port, proto);
		if (v)
			out->any |= v->any;
	}
}

__noinline int kft_tuple_matches(const struct kft_tuple *t, __u8 proto)
{
	struct kft_match_value s = {}, d = {};
	int known;

	if (!t)
		return 0;
	known = kft_bit(kft_bits.address, kft_address_hash(t->saddr)) |
		kft_bit(kft_bits.address, kft_address_hash(t->daddr));
	if (kft_config.port_keys)
		known |= kft_bit(kft_bits.port, t->sport) | kft_bit(kft_bits.port, t->dport);
	if (!known)
		return 0;
	kft_side(t->daddr, t->dport, proto, &d);
	kft_side(t->saddr, t->sport, proto, &s);
	return d.any || s.any || (s.a & d.b) || (s.b & d.a);
}

__noinline int kft_flow_known(const struct kft_tuple *t, __u8 proto)
{
	struct kft_flow_key key;

	if (!t)
		return 0;
	key.tuple = *t;
	key.proto = proto;
	if (!kft_bit(kft_bits.address, kft_address_hash(t->saddr)))
		return 0;
	return bpf_map_lookup_elem(&kft_flows, &key) != NULL;
}

__noinline int kft_learn(const struct kft_tuple *t, __u8 proto)
{
	struct kft_flow_key key;
	__u8 one = 1;

	if (!t)
		return 0;
	key.tuple = *t;
	key.proto = proto;
	kft_set_bit(kft_bits.address, kft_address_hash(t->saddr));
	kft_set_bit(kft_bits.address, kft_address_hash(t->daddr));
	bpf_map_update_elem(&kft_flows, &key, &one, BPF_ANY);
	__builtin_memcpy(key.tuple.saddr, t->daddr, 16);
	__builtin_memcpy(key.tuple.daddr, t->saddr, 16);
	key.tuple.sport = t->dport;
	key.tuple.dport = t->sport;
	bpf_map_update_elem(&kft_flows, &key, &one, BPF_ANY);
	return 0;
}

#endif
