/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which packets are reported with the beginning of their payload. */
#ifndef KFT_DNS_BPF_H
#define KFT_DNS_BPF_H

/* A message without its header's 12 bytes says nothing. */
#define KFT_DNS_LEAST 12

/* A packet crosses a node in less; nobody asks again so soon. */
#define KFT_DNS_MOMENT 100000000ull

/*
 * Bytes of a DNS message to report with this packet, 0 for none; UDP only, as what TCP sockets
 * send is not in the linear part. Once a packet, mostly: it is told by sk_buff head, which
 * survives NAT and clones, and by the message's id, as heads are used again at once. On another
 * processor it is reported again; the reader knows it then.
 */
__noinline int kft_dns_length(const struct kft_packet *p, __u64 head)
{
	struct kft_dns_seen *seen;
	__u32 length, start, slot;
	__u64 now;

	if (!p)
		return 0;
	if (p->tuple.sport != bpf_htons(KFT_DNS_PORT) && p->tuple.dport != bpf_htons(KFT_DNS_PORT))
		return 0;
	if (p->proto != KFT_PROTO_UDP || !p->data || p->flags & KFT_F_ICMP_ERROR ||
	    p->end < p->data)
		return 0;
	length = p->end - p->data;
	if (length > p->payload) /* Ethernet pads short frames */
		length = p->payload;
	if (length < KFT_DNS_LEAST ||
	    bpf_probe_read_kernel(&start, sizeof(start), (void *)(head + p->data)))
		return 0;
	slot = (head >> 6 ^ head >> 12) & (KFT_DNS_SEEN - 1);
	seen = bpf_map_lookup_elem(&kft_dns_seen, &slot);
	if (!seen)
		return 0;
	now = bpf_ktime_get_boot_ns();
	if (seen->head == head && seen->start == start && now - seen->time_ns < KFT_DNS_MOMENT)
		return 0;
	seen->head = head;
	seen->start = start;
	seen->time_ns = now;
	return length > KFT_DNS_BYTES ? KFT_DNS_BYTES : length;
}

#endif
