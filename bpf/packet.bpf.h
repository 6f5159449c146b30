/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From an sk_buff to the tuple of its innermost packet of interest: IPv4, IPv6,
 * the inner packet of VXLAN, Geneve and IP-in-IP, the quoted packet of an ICMP
 * error. Reads by probe, so that every program type can use it, and never past
 * the linear part.
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

/* Where reading has come to: head + at, and the end of the linear part. */
struct kft_cursor {
	unsigned char *head;
	__u32 at;
	__u32 end;
};

/*
 * The stages are global functions, here and in the other headers: the verifier
 * checks each once on its own instead of once a path of its callers, which is the
 * difference between 10 and 560 ms a program; and 512 bytes of stack hold one stage
 * at a time. So arguments are numbers or memory that may be NULL.
 */

static __always_inline int kft_load(const struct kft_cursor *c, __u32 offset, void *to, __u32 size)
{
	if (c->at + offset + size > c->end)
		return -1;
	return bpf_probe_read_kernel(to, size, c->head + c->at + offset);
}

static __always_inline void kft_map_v4(__u8 *to, const __u8 *from)
{
	__builtin_memset(to, 0, 10);
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, from, 4);
}

/* An IPv4 address in the first four of sixteen bytes. */
static __always_inline void kft_map_v4_in_place(__u8 *addr)
{
	__u32 v4;

	__builtin_memcpy(&v4, addr, 4);
	kft_map_v4(addr, (const __u8 *)&v4);
}

static __always_inline __u16 kft_be16(const __u8 *p)
{
	return (__u16)p[0] << 8 | p[1];
}

static __always_inline __u32 kft_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3];
}

/* The IP header at the cursor; leaves the cursor at the L4 header. Negative: not IP. */
__noinline int kft_parse_ip(struct kft_cursor *c, struct kft_packet *p)
{
	__u8 h[40];
	__u32 skip;

	if (!c || !p)
		return -1;
	if (kft_load(c, 0, h, 20)) {
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
		kft_map_v4(p->tuple.saddr, h + 12);
		kft_map_v4(p->tuple.daddr, h + 16);
		if (p->frag & 0x1fff)
			p->flags |= KFT_F_FRAGMENT;
	} else if (h[0] >> 4 == 6) {
		if (kft_load(c, 20, h + 20, 20)) {
			p->flags |= KFT_F_TRUNCATED;
			return -1;
		}
		skip = 40;
		p->len = kft_be16(h + 4) + 40;
		p->proto = h[6];
		p->ttl = h[7];
		__builtin_memcpy(p->tuple.saddr, h + 8, 16);
		__builtin_memcpy(p->tuple.daddr, h + 24, 16);
		/* hop-by-hop 0, routing 43, destination options 60, fragment 44 */
#pragma unroll
		for (int i = 0; i < 3; i++) {
			__u8 ext[4];

			if (p->proto != 0 && p->proto != 43 && p->proto != 60 && p->proto != 44)
				break;
			if (kft_load(c, skip, ext, 4)) {
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
__noinline int kft_parse_l4(struct kft_cursor *c, struct kft_packet *p)
{
	__u8 h[14];
	__u32 header = 8;

	if (!c || !p)
		return -1;
	p->tuple.sport = 0;
	p->tuple.dport = 0;
	p->seq = 0;
	p->ack = 0;
	p->tcp_flags = 0;
	p->icmp_type = 0;
	p->icmp_code = 0;
	p->data = 0;
	if (p->flags & KFT_F_FRAGMENT)
		return 0;
	if (p->proto != KFT_PROTO_TCP && p->proto != KFT_PROTO_UDP && p->proto != KFT_PROTO_SCTP &&
	    p->proto != KFT_PROTO_ICMP && p->proto != KFT_PROTO_ICMPV6)
		return 0;
	if (kft_load(c, 0, h, 8)) {
		p->flags |= KFT_F_TRUNCATED;
		return 0;
	}
	if (p->proto == KFT_PROTO_ICMP || p->proto == KFT_PROTO_ICMPV6) {
		p->icmp_type = h[0];
		p->icmp_code = h[1];
		if (kft_is_echo_request(p->proto, p->icmp_type))
			__builtin_memcpy(&p->tuple.sport, h + 4, 2);
		if (kft_is_echo_reply(p->proto, p->icmp_type))
			__builtin_memcpy(&p->tuple.dport, h + 4, 2);
	} else {
		__builtin_memcpy(&p->tuple.sport, h, 2);
		__builtin_memcpy(&p->tuple.dport, h + 2, 2);
		if (p->proto == KFT_PROTO_TCP) {
			p->seq = kft_be32(h + 4);
			/* an ICMP error may quote 8 bytes only */
			if (!kft_load(c, 8, h + 8, 6)) {
				p->ack = kft_be32(h + 8);
				header = (h[12] >> 4) * 4;
				p->tcp_flags = h[13];
			}
		}
	}
	p->payload = p->payload > header ? p->payload - header : 0;
	p->data = c->at + header;
	p->end = c->end;
	return 0;
}

/*
 * What the packet carries: 1 a tunnel, 2 an ICMP error; the cursor is then at the
 * inner IP header. 0 nothing.
 */
__noinline int kft_enter_carried(struct kft_cursor *c, struct kft_packet *p)
{
	__u8 h[8];
	__u32 skip = 8;
	int known = 0;

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
#pragma unroll
	for (int i = 0; i < KFT_TUNNEL_PORTS; i++)
		if (kft_config.tunnel_ports[i] && kft_config.tunnel_ports[i] == p->tuple.dport)
			known = 1;
	if (!known || kft_load(c, 8, h, 8))
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
	if (kft_load(c, skip + 12, h, 2))
		return 0;
	if (kft_be16(h) != KFT_ETH_P_IP && kft_be16(h) != KFT_ETH_P_IPV6)
		return 0;
	c->at += skip + 14;
	return 1;
}

/* Negative: nothing of IP in it. `address` is the sk_buff's. */
__noinline int kft_parse(__u64 address, struct kft_packet *p)
{
	struct sk_buff *skb = (struct sk_buff *)address;
	struct kft_cursor c;
	__u32 len;
	__u16 ip_id, frag, payload, protocol;
	__u8 proto, ttl, type, code;
	int carried;

	if (!p)
		return -1;
	/* sockets of other families and devices carry other things than IP */
	protocol = BPF_CORE_READ(skb, protocol);
	if (protocol != bpf_htons(KFT_ETH_P_IP) && protocol != bpf_htons(KFT_ETH_P_IPV6))
		return -1;
	c.head = BPF_CORE_READ(skb, head);
	c.at = BPF_CORE_READ(skb, network_header);
	c.end = BPF_CORE_READ(skb, tail);
	if (kft_parse_ip(&c, p))
		return -1;
	kft_parse_l4(&c, p);
	carried = kft_enter_carried(&c, p);
	if (!carried)
		return 0;
	proto = p->proto;
	ttl = p->ttl;
	type = p->icmp_type;
	code = p->icmp_code;
	len = p->len;
	ip_id = p->ip_id;
	frag = p->frag;
	payload = p->payload;
	p->outer = p->tuple;
	if (kft_parse_ip(&c, p)) {
		/* what it carries can't be read: the outer packet is all there is */
		p->tuple = p->outer;
		p->proto = proto;
		p->ttl = ttl;
		p->len = len;
		p->ip_id = ip_id;
		p->frag = frag;
		p->payload = payload;
		p->flags |= KFT_F_TRUNCATED;
		return 0;
	}
	p->flags |= carried == 1 ? KFT_F_TUNNEL : KFT_F_ICMP_ERROR;
	kft_parse_l4(&c, p);
	if (carried == 2) {
		p->icmp_type = type;
		p->icmp_code = code;
	}
	return 0;
}

#endif
