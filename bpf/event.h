/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one event layout: what a BPF program reports and what Swift reads, plus
 * the maps' keys and the configuration. Compiled by clang -target bpf and
 * imported into Swift as the module CEvent; asserted on both sides.
 *
 * Addresses are 16 bytes in network byte order, IPv4 as ::ffff:a.b.c.d.
 * Ports are in network byte order, everything else in host byte order.
 */
#ifndef KFT_EVENT_H
#define KFT_EVENT_H

#ifdef __bpf__
#include <linux/types.h>
#else
#include <stdint.h>
typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef uint64_t __u64;
#endif

/* Where a packet was seen. The numbers are part of the recording format. */
enum kft_hook {
	KFT_TC_INGRESS = 1, /* device -> stack */
	KFT_TC_EGRESS = 2, /* stack -> device */

	/* netfilter backend: a BPF link just before or after a stage */
	KFT_NF_RAW = 10, /* before conntrack */
	KFT_NF_DNAT_DONE = 11, /* after conntrack and destination NAT */
	KFT_NF_FILTER = 12, /* before the filter chains */
	KFT_NF_FILTER_DONE = 13, /* after the filter chains */
	KFT_NF_SNAT = 14, /* before source NAT; in recordings only */
	KFT_NF_SNAT_DONE = 15, /* after source NAT, before confirmation */

	/* kprobe backend: the entry of a kernel function */
	KFT_CONNTRACK_IN = 30, /* nf_conntrack_in */
	KFT_CONNTRACK_CONFIRM = 31, /* __nf_conntrack_confirm */
	KFT_NAT_FN = 32, /* nf_nat_inet_fn */
	KFT_NAT_MANIP = 33, /* nf_nat_manip_pkt: the packet is about to be rewritten */
	KFT_HOOK_SLOW = 34, /* nf_hook_slow: the chains of nf_hook begin */
	KFT_IPT_TABLE = 35, /* ipt_do_table, ip6t_do_table */
	KFT_NFT_CHAIN = 36, /* nft_do_chain */
	KFT_IP_RCV = 40, /* ip_rcv, ipv6_rcv */
	KFT_IP_FORWARD = 41, /* ip_forward, ip6_forward */
	KFT_IP_DELIVER = 42, /* ip_local_deliver, ip6_input */
	KFT_IP_OUTPUT = 43, /* ip_output, ip6_output */
	KFT_BRIDGE_IN = 44, /* br_handle_frame_finish */
	KFT_BRIDGE_OUT = 45, /* br_dev_queue_push_xmit */
	KFT_VXLAN_XMIT = 46, /* vxlan_xmit: inner packet enters the tunnel device */
	KFT_VXLAN_RCV = 47, /* vxlan_rcv: outer packet reached the tunnel's socket */
	KFT_ICMP_SEND = 48, /* __icmp_send, icmp6_send: an ICMP error about this packet */
	KFT_IPVS =
		49, /* ip_vs_nat_xmit: a real server is chosen; orig and reply may be IPVS's own */

	/* tracepoints */
	KFT_DROP = 60, /* skb:kfree_skb */
	KFT_RST_SENT = 61, /* tcp:tcp_send_reset */
	KFT_RETRANSMIT = 63, /* tcp:tcp_retransmit_skb */
};

/* kft_event.flags */
enum kft_flag {
	KFT_F_CONNTRACK = 1, /* orig and reply hold the entry's tuples */
	KFT_F_TUNNEL = 2, /* tuple is the inner packet, orig the outer one, vni is set */
	KFT_F_ICMP_ERROR = 4, /* tuple is the quoted packet, orig the ICMP packet itself */
	KFT_F_TRUNCATED = 8, /* headers cut short: ports and L4 fields are zero */
	KFT_F_FRAGMENT = 16, /* not the first fragment: ports and L4 fields are zero */
	KFT_F_GENEVE = 32, /* the tunnel is Geneve */
	KFT_F_IP_TUNNEL = 64, /* the tunnel is IP in IP: no ports, no VNI; neither: VXLAN */
};

/* kft_event.table: which ruleset KFT_IPT_TABLE and KFT_NFT_CHAIN entered */
enum kft_table {
	KFT_TABLE_OTHER = 0,
	KFT_TABLE_FILTER = 1,
	KFT_TABLE_NAT = 2,
	KFT_TABLE_MANGLE = 3,
	KFT_TABLE_RAW = 4,
	KFT_TABLE_SECURITY = 5,
	KFT_TABLE_KUBE_PROXY = 6,
};

#define KFT_NF_HOOK_NONE 255

struct kft_tuple {
	__u8 saddr[16];
	__u8 daddr[16];
	/* network byte order; ICMP echo: the identifier is the requesting side's port, as if the
	 * answering side's were 0 */
	__u16 sport;
	__u16 dport;
} __attribute__((aligned(4))); /* or it would be copied byte by byte */

struct kft_event {
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u64 skb; /* address of the sk_buff, an identity only while it lives */
	__u64 location; /* KFT_DROP: return address of the caller that freed it */
	__u32 netns; /* inode number of the network namespace */
	__u32 ifindex; /* device the packet is on or came from, 0 unknown */
	__u32 out_ifindex; /* device of the route taken, 0 before routing */
	__u32 len; /* bytes from the IP header on (of tuple's packet) */
	__u32 mark; /* skb->mark */
	__u32 seq; /* TCP */
	__u32 ack; /* TCP */
	__u32 reason; /* KFT_DROP: enum skb_drop_reason of this kernel */
	__u32 vni; /* KFT_F_TUNNEL */
	__u16 ip_id; /* IPv4 identification */
	__u16 frag; /* IPv4 fragment bits and offset, host byte order */
	__u16 ct_status; /* enum ip_conntrack_status, low bits */
	__u16 ct_zone;
	__u16 payload; /* bytes after the L4 header, 65535 at most */
	__u16 gso_size; /* segment payload of a GSO packet, 0 if none */
	__u16 mtu; /* of the route's device if routed, else the device's; 65535 at most */
	__u8 hook; /* enum kft_hook */
	__u8 nf_hook; /* enum nf_inet_hooks, KFT_NF_HOOK_NONE if none */
	__u8 proto; /* IPPROTO_* of tuple's packet */
	__u8 ttl; /* or hop limit */
	__u8 tcp_flags;
	__u8 icmp_type; /* of an ICMP packet, or of the error with KFT_F_ICMP_ERROR */
	__u8 icmp_code;
	__u8 flags; /* enum kft_flag */
	__u8 table; /* enum kft_table */
	__u8 ct_dir; /* 0 original, 1 reply */
	struct kft_tuple tuple;
	struct kft_tuple orig;
	struct kft_tuple reply;
};

_Static_assert(sizeof(struct kft_tuple) == 36, "kft_tuple layout");
_Static_assert(sizeof(struct kft_event) == 192, "kft_event layout");

#define KFT_DNS_PORT  53
#define KFT_DNS_BYTES 254

/*
 * With kft_config.dns, the first sighting of a UDP packet from or to port 53: the event and the
 * beginning of its payload in one record, so that neither can be lost without the other.
 */
struct kft_dns_event {
	struct kft_event event;
	__u16 length; /* bytes of data */
	__u8 data[KFT_DNS_BYTES]; /* what follows the L4 header */
};

_Static_assert(sizeof(struct kft_dns_event) == 448, "kft_dns_event layout");

/* One side of a packet: address and port, either may be zero as "any". */
struct kft_match_key {
	__u8 addr[16];
	__u16 port; /* network byte order */
	__u8 proto;
	__u8 pad;
} __attribute__((aligned(4)));

/*
 * A packet is of interest if either side has `any`, or if one side has bit i of
 * `a` and the other bit i of `b` (selector i of --flow).
 */
struct kft_match_value {
	__u32 any;
	__u32 a;
	__u32 b;
};

/* Key of the flows learned from conntrack entries. */
struct kft_flow_key {
	struct kft_tuple tuple;
	__u32 proto;
};

#define KFT_BLOOM_BITS 65536

/*
 * Two coarse sets that let most packets go after two loads: a bit for the hash
 * of every address in kft_match or kft_flows, and a bit for every port (as loaded
 * from the packet) of the keys without an address. Bits are never cleared.
 */
struct kft_bits {
	__u64 address[KFT_BLOOM_BITS / 64];
	__u64 port[KFT_BLOOM_BITS / 64];
};

#define KFT_TUNNEL_PORTS 4

/* Read-only for the programs, set before loading. */
struct kft_config {
	__u8 match_all; /* no selector */
	__u8 proto; /* IPPROTO_*, 0 any */
	__u8 full_keys; /* keys with address and port exist */
	__u8 address_keys; /* keys without a port exist */
	__u8 port_keys; /* keys without an address exist */
	__u8 netns_filter; /* only namespaces in kft_netns */
	__u8 dns; /* payload of port 53, too */
	__u8 pad;
	__u16 tunnel_ports[KFT_TUNNEL_PORTS]; /* network byte order, 0 unused */
	__u32 wake_bytes; /* in the ring buffer, for the reader to be woken before it looks */
};

/* Index into the per-CPU counters. */
enum kft_counter {
	KFT_COUNT_LOST = 0, /* of interest, but the ring buffer was full */
	KFT_COUNT_TRUNCATED = 1, /* IP packets whose headers were cut short */
	KFT_COUNTERS = 2,
};

#endif
