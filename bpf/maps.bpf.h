/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Configuration and maps, shared by every program of the object. */
#ifndef KFT_MAPS_BPF_H
#define KFT_MAPS_BPF_H

const volatile struct kft_config kft_config SEC(".rodata.config") = {};

struct kft_bits kft_bits SEC(".bss.match");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024); /* set by the loader */
} kft_events SEC(".maps");

/* When it was last looked whether the reader is to be woken; a race costs one look more. */
__u64 kft_looked;

/* ns between two looks */
#define KFT_LOOK_EVERY 1000000

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct kft_match_key);
	__type(value, struct kft_match_value);
} kft_match SEC(".maps");

/* Tuples that a conntrack entry of interest gives to packets, both directions. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct kft_flow_key);
	__type(value, __u64); /* when it was learned, in ticks */
} kft_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} kft_netns SEC(".maps");

/* Namespaces with more devices than get a link each. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} kft_crowded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KFT_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} kft_counters SEC(".maps");

/* Packets whose DNS message was reported a moment ago on this processor, by sk_buff head. */
struct kft_dns_seen {
	__u64 head;
	__u64 time_ns;
	__u32 start; /* the message's first bytes: id and flags */
	__u32 pad;
};

#define KFT_DNS_SEEN 64

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KFT_DNS_SEEN);
	__type(key, __u32);
	__type(value, struct kft_dns_seen);
} kft_dns_seen SEC(".maps");

static __always_inline void kft_count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&kft_counters, &counter);

	if (value)
		*value += 1;
}

#endif
