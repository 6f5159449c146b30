/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From an sk_buff to the tuple of its innermost packet of interest: IPv4, IPv6,
 * the inner packet of VXLAN, Geneve and IP-in-IP, the quoted packet of an ICMP
 * error. Reads by probe, so that every program type can use it, and takes nothing
 * from past the linear part.
 */
#ifndef KFT_PACKET_BPF_H
#define KFT_PACKET_BPF_H

#define KFT_ETH_P_IP   0x0800
#define KFT_ETH_P_IPV6 0x86dd
#define KFT_ETH_P_TEB  0x6558

#define KFT_PROTO_ICMP	 1
#define KFT_PROTO_IPIP	 4
#define KFT_PROTO_TCP	 6
#define KFT_PROTO_UDP	 17
#define KFT_PROTO_IPV6	 41
#define KFT_PROTO_ICMPV6 58
#define KFT_PROTO_SCTP	 132

struct kft_packet {
	struct kft_tuple tuple;
	struct kft_tuple outer;
	__u32 seq, ack, len, vni;
	__u32 data, end; /* what follows the L4 header, and the linear part's end; from head */
	__u16 ip_id, frag, payload;
	__u8 proto, ttl, tcp_flags, icmp_type, icmp_code, flags;
};

static __always_inline int kft_is_echo_request(__u8 proto, __u8 type)
{
	return type == (proto == KFT_PROTO_ICMP ? 8 : 128);
}

static __always_inline int kft_is_echo_reply(__u8 proto, __u8 type)
{
	return type == (proto == KFT_PROTO_ICMP ? 0 : 129);
}

#if KFT_DIRECT

/* Where reading has come to: head + at, and the end of the linear part. */
struct kft_cursor {
	__u64 head;
	__u32 at;
	__u32 end;
};

/* Up to 48 bytes at an offset from the cursor, NULL past the end. */
static __always_inline const __u8 *kft_load(struct kft_cursor *c, __u32 offset, __u32 size)
{
	__u32 from = c->at + offset;

	return from + size > c->end ? NULL : kft_bytes(c->head + from);
}

#else

#define KFT_WINDOW 96

/* With the bytes from head + base on, most often all that is asked for. */
struct kft_cursor {
	__u64 head;
	__u32 at;
	__u32 end;
	__u32 base;
	__u32 filled;
	__u8 bytes[KFT_WINDOW];
};

/* The window may reach beyond the linear part: skb_shared_info follows it, which is longer. */
static __always_inline const __u8 *kft_load(struct kft_cursor *c, __u32 offset, __u32 size)
{
	__u32 from = c->at + offset, index = from - c->base;

	if (from + size > c->end)
		return NULL;
	if (!c->filled || index > KFT_WINDOW - size) {
		if (bpf_probe_read_kernel(c->bytes, KFT_WINDOW, (void *)(c->head + from)))
			return NULL;
		c->base = from;
		c->filled = 1;
		index = 0;
	}
	return c->bytes + index;
}

#endif

/* To addresses of tuples, which are aligned; from headers, which may be not. */
static __always_inline void kft_copy_address(__u8 *to, const __u8 *from)
{
	__u32 *t = (__u32 *)to;
	const __u32 *f = (const __u32 *)from;

	t[0] = f[0];
	t[1] = f[1];
	t[2] = f[2];
	t[3] = f[3];
}

static __always_inline void kft_map_v4(__u8 *to, __u32 v4)
{
	__u32 *t = (__u32 *)to;

	t[0] = 0;
	t[1] = 0;
	t[2] = bpf_htonl(0xffff);
	t[3] = v4;
}

static __always_inline __u16 kft_be16(const __u8 *p)
{
	return bpf_ntohs(*(const __u16 *)p);
}

static __always_inline __u32 kft_be32(const __u8 *p)
{
	return bpf_ntohl(*(const __u32 *)p);
}

/* The IP header at the cursor; leaves the cursor at the L4 header. Negative: not IP. */
static __always_inline int kft_parse_ip(struct kft_cursor *c, struct kft_packet *p)
{
	const __u8 *h, *ext;
	__u32 skip;

	h = kft_load(c, 0, 20);
	if (!h) {
		p->flags |= KFT_F_TRUNCATED;
		return -1;
	}
	p->ip_id = 0;
	p->frag = 0;
	if (h[0] >> 4 == 4) {
		skip = (h[0] & 15) * 4;
		if (skip < 20)
			return -1;
		p->len = kft_be16(h + 2);
		p->ip_id = kft_be16(h + 4);
		p->frag = kft_be16(h + 6);
		p->ttl = h[8];
		p->proto = h[9];
		kft_map_v4(p->tuple.saddr, *(const __u32 *)(h + 12));
		kft_map_v4(p->tuple.daddr, *(const __u32 *)(h + 16));
		if (p->frag & 0x1fff)
			p->flags |= KFT_F_FRAGMENT;
	} else if (h[0] >> 4 == 6) {
		h = kft_load(c, 0, 40);
		if (!h) {
			p->flags |= KFT_F_TRUNCATED;
			return -1;
		}
		skip = 40;
		p->len = kft_be16(h + 4) + 40;
		p->proto = h[6];
		p->ttl = h[7];
		kft_copy_address(p->tuple.saddr, h + 8);
		kft_copy_address(p->tuple.daddr, h + 24);
		/* hop-by-hop 0, routing 43, destination options 60, fragment 44 */
#pragma unroll
		for (int i = 0; i < 3; i++) {
			if (p->proto != 0 && p->proto != 43 && p->proto != 60 && p->proto != 44)
				break;
			ext = kft_load(c, skip, 4);
			if (!ext) {
				p->flags |= KFT_F_TRUNCATED;
				break;
			}
			if (p->proto == 44) {
				__u16 offset = kft_be16(ext + 2);

				/* as in IPv4: offset in 8-byte units, 0x2000 more to come */
				p->frag = offset >> 3 | (offset & 1) << 13;
				skip += 8;
				if (offset >> 3) {
					/* the rest of somebody's payload */
					p->flags |= KFT_F_FRAGMENT;
					p->proto = ext[0];
					break;
				}
			} else {
				skip += (ext[1] + 1) * 8;
			}
			p->proto = ext[0];
		}
	} else {
		return -1;
	}
	p->payload = p->len > skip ? (p->len - skip > 65535 ? 65535 : p->len - skip) : 0;
	c->at += skip;
	return 0;
}

/* Ports and L4 fields at the cursor. */
static __always_inline void kft_parse_l4(struct kft_cursor *c, struct kft_packet *p)
{
	const __u8 *h;
	__u32 header = 8;

	p->tuple.sport = 0;
	p->tuple.dport = 0;
	p->seq = 0;
	p->ack = 0;
	p->tcp_flags = 0;
	p->icmp_type = 0;
	p->icmp_code = 0;
	p->data = 0;
	if (p->flags & KFT_F_FRAGMENT)
		return;
	if (p->proto != KFT_PROTO_TCP && p->proto != KFT_PROTO_UDP && p->proto != KFT_PROTO_SCTP &&
	    p->proto != KFT_PROTO_ICMP && p->proto != KFT_PROTO_ICMPV6)
		return;
	h = kft_load(c, 0, 8);
	if (!h) {
		p->flags |= KFT_F_TRUNCATED;
		return;
	}
	if (p->proto == KFT_PROTO_ICMP || p->proto == KFT_PROTO_ICMPV6) {
		p->icmp_type = h[0];
		p->icmp_code = h[1];
		if (kft_is_echo_request(p->proto, p->icmp_type))
			p->tuple.sport = *(const __u16 *)(h + 4);
		if (kft_is_echo_reply(p->proto, p->icmp_type))
			p->tuple.dport = *(const __u16 *)(h + 4);
	} else {
		p->tuple.sport = *(const __u16 *)h;
		p->tuple.dport = *(const __u16 *)(h + 2);
		if (p->proto == KFT_PROTO_TCP) {
			p->seq = kft_be32(h + 4);
			/* an ICMP error may quote 8 bytes only */
			h = kft_load(c, 0, 14);
			if (h) {
				p->ack = kft_be32(h + 8);
				header = (h[12] >> 4) * 4;
				p->tcp_flags = h[13];
			}
		}
	}
	p->payload = p->payload > header ? p->payload - header : 0;
	p->data = c->at + header;
	p->end = c->end;
}

/* Both headers at the cursor. Negative: not IP. */
__noinline int kft_parse_headers(struct kft_cursor *c, struct kft_packet *p)
{
	if (!c || !p || kft_parse_ip(c, p))
		return -1;
	kft_parse_l4(c, p);
	return 0;
}

/* Of UDP, whether it is known to carry packets. */
static __always_inline int kft_is_tunnel_port(__u16 port)
{
	int known = 0;

#pragma unroll
	for (int i = 0; i < KFT_TUNNEL_PORTS; i++)
		known |= kft_config.tunnel_ports[i] == port;
	return known && port;
}

/* Whether there is reason to look what the packet carries. */
static __always_inline int kft_may_carry(__u8 proto, __u16 dport)
{
	if (proto == KFT_PROTO_UDP)
		return kft_is_tunnel_port(dport);
	return proto != KFT_PROTO_TCP && proto != KFT_PROTO_SCTP;
}

/*
 * What the packet carries: 1 a tunnel, 2 an ICMP error; the cursor is then at the
 * inner IP header. 0 nothing.
 */
KFT_STAGE int kft_enter_carried(struct kft_cursor *c, struct kft_packet *p)
{
	const __u8 *h;
	__u32 skip = 8;

	if (!c || !p)
		return 0;
	if (p->flags & (KFT_F_FRAGMENT | KFT_F_TRUNCATED))
		return 0;
	if (p->proto == KFT_PROTO_ICMP) {
		/* unreachable, redirect, time exceeded, parameter problem */
		if (p->icmp_type != 3 && p->icmp_type != 5 && p->icmp_type != 11 &&
		    p->icmp_type != 12)
			return 0;
		c->at += 8;
		return 2;
	}
	if (p->proto == KFT_PROTO_ICMPV6) {
		if (p->icmp_type < 1 || p->icmp_type > 4)
			return 0;
		c->at += 8;
		return 2;
	}
	if (p->proto == KFT_PROTO_IPIP || p->proto == KFT_PROTO_IPV6) {
		p->flags |= KFT_F_IP_TUNNEL;
		return 1;
	}
	if (p->proto != KFT_PROTO_UDP)
		return 0;
	h = kft_load(c, 8, 8);
	if (!h)
		return 0;
	if (h[0] == 0x08) { /* VXLAN: flags with a valid VNI */
		p->vni = kft_be32(h + 4) >> 8;
		skip += 8;
	} else if ((h[0] & 0xc0) == 0 && kft_be16(h + 2) == KFT_ETH_P_TEB) { /* Geneve */
		p->vni = kft_be32(h + 4) >> 8;
		p->flags |= KFT_F_GENEVE;
		skip += 8 + (h[0] & 0x3f) * 4;
	} else {
		return 0;
	}
	h = kft_load(c, skip + 12, 2);
	if (!h)
		return 0;
	if (kft_be16(h) != KFT_ETH_P_IP && kft_be16(h) != KFT_ETH_P_IPV6)
		return 0;
	c->at += skip + 14;
	return 1;
}

/* Negative: nothing of IP in it. `skb` and `p` are filled in. */
KFT_STAGE int kft_parse(__u64 address, struct kft_skb *skb, struct kft_packet *p)
{
	union { /* one after the other */
		struct kft_cursor cursor;
		struct kft_skb_span span;
	} u = {};
	struct kft_cursor *c = &u.cursor;
	struct kft_network n;
	__u8 type, code;
	int carried;

	if (!skb || !p || kft_take_skb(address, &u.span, skb, &n))
		return -1;
	/* sockets of other families and devices carry other things than IP */
	if (n.protocol != bpf_htons(KFT_ETH_P_IP) && n.protocol != bpf_htons(KFT_ETH_P_IPV6))
		return -1;
	c->head = skb->head;
	c->at = n.header;
	c->end = n.tail;
	if (kft_parse_headers(c, p))
		return -1;
	if (!kft_may_carry(p->proto, p->tuple.dport))
		return 0;
	carried = kft_enter_carried(c, p);
	if (!carried)
		return 0;
	type = p->icmp_type;
	code = p->icmp_code;
	p->outer = p->tuple;
	if (kft_parse_headers(c, p)) {
		/* what it carries can't be read: the outer packet is all there is */
		c->at = n.header;
		kft_parse_headers(c, p);
		p->flags |= KFT_F_TRUNCATED;
		return 0;
	}
	p->flags |= carried == 1 ? KFT_F_TUNNEL : KFT_F_ICMP_ERROR;
	if (carried == 2) {
		p->icmp_type = type;
		p->icmp_code = code;
	}
	return 0;
}

#endif
