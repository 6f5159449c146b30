/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs read of an sk_buff and of devices. A probe costs the same for 8 bytes and for
 * 128, and more than most of what else is done with a packet: so fields are read by the span that
 * they lie in, and devices are remembered for a moment.
 */
#ifndef KFT_SKB_BPF_H
#define KFT_SKB_BPF_H

struct kft_skb {
	__u64 head;
	__u64 refdst;
	__u64 nfct;
	__u32 len, mark, end;
	__u32 from_data; /* its IP header is where its data begins, whatever it says */
};

/* Where its IP header is. */
struct kft_network {
	__u32 tail;
	__u16 protocol, header;
};

#if KFT_DIRECT

/* Nothing is kept of it. */
struct kft_skb_span {
};

static __always_inline int kft_take_skb(__u64 address, struct kft_skb_span *span, struct kft_skb *s,
					struct kft_network *n)
{
	struct sk_buff *skb = kft_cast_skb(address);

	/* not as the pointer that it is: functions take numbers */
	s->head = (__u64)KFT_GET(address, struct sk_buff, head);
	s->refdst = skb->_skb_refdst;
	s->nfct = skb->_nfct;
	s->len = skb->len;
	s->mark = skb->mark;
	s->end = skb->end;
	n->tail = skb->tail;
	n->protocol = skb->protocol;
	n->header = s->from_data ? (__u64)KFT_GET(address, struct sk_buff, data) - s->head
				 : skb->network_header;
	return 0;
}

#else

/*
 * A field of the structure at `address`, from the bytes read of it from offset `first` on, or by a
 * probe of its own if this kernel has it elsewhere; the verifier drops the branch not taken.
 */
#define KFT_TAKE(to, span, first, address, type, field)                                            \
	({                                                                                         \
		__u32 kft_at = bpf_core_field_offset(type, field) - (first);                       \
		if (kft_at > sizeof(span) - sizeof(to))                                            \
			bpf_probe_read_kernel(&(to), sizeof(to),                                   \
					      (void *)(address) +                                  \
						      bpf_core_field_offset(type, field));         \
		else                                                                               \
			(to) = *(typeof(to) *)((__u8 *)&(span) + kft_at);                          \
	})

struct kft_skb_span {
	__u64 bytes[15];
};

/* Negative if there is none at this address. */
static __always_inline int kft_take_skb(__u64 address, struct kft_skb_span *span, struct kft_skb *s,
					struct kft_network *n)
{
	__u32 first = bpf_core_field_offset(struct sk_buff, _skb_refdst);

	if (bpf_probe_read_kernel(span, sizeof(*span), (void *)address + first))
		return -1;
#define KFT_OF_SKB(to, field) KFT_TAKE(to, *span, first, address, struct sk_buff, field)
	KFT_OF_SKB(s->head, head);
	KFT_OF_SKB(s->nfct, _nfct);
	KFT_OF_SKB(s->len, len);
	KFT_OF_SKB(s->mark, mark);
	KFT_OF_SKB(n->tail, tail);
	KFT_OF_SKB(s->end, end);
	KFT_OF_SKB(n->protocol, protocol);
	KFT_OF_SKB(n->header, network_header);
	if (s->from_data) {
		/* there is no room for it on 6.1's stack but where something else comes */
		KFT_OF_SKB(s->refdst, data);
		n->header = s->refdst - s->head;
	}
	KFT_OF_SKB(s->refdst, _skb_refdst);
#undef KFT_OF_SKB
	return 0;
}

#endif

KFT_STAGE int kft_read_skb(__u64 address, struct kft_skb *s)
{
	struct kft_skb_span span;
	struct kft_network n;

	return s ? kft_take_skb(address, &span, s, &n) : -1;
}

/* A network device and its namespace. */
struct kft_place {
	__u32 ifindex;
	__u32 mtu;
	__u32 netns;
};

/* `is_net`: the address is a struct net's, which is no device. */
static __always_inline void kft_load_place(__u64 address, int is_net, struct kft_place *place)
{
	__u64 net = address;

	if (!is_net) {
		place->ifindex = KFT_GET(address, struct net_device, ifindex);
		place->mtu = KFT_GET(address, struct net_device, mtu);
		net = (__u64)KFT_GET(address, struct net_device, nd_net.net);
	}
	place->netns = net ? KFT_GET(net, struct net, ns.inum) : 0;
}

#if KFT_DIRECT

static __always_inline void kft_find_place(__u64 address, int is_net, struct kft_place *place)
{
	kft_load_place(address, is_net, place);
}

#else

#define KFT_PLACES 64

/*
 * Places of this processor's last packets. What is remembered counts in the tick of the clock it was
 * read in. Another program may come between any two instructions of this one: `check` is the others'
 * exclusive or, so that a mixture is not believed.
 */
struct kft_known_place {
	__u64 address;
	__u64 tick;
	__u64 device; /* ifindex and mtu */
	__u64 netns;
	__u64 check;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KFT_PLACES);
	__type(key, __u32);
	__type(value, struct kft_known_place);
} kft_places SEC(".maps");

static __always_inline __u32 kft_place_slot(__u64 address)
{
	return (address >> 6 ^ address >> 12) & (KFT_PLACES - 1);
}

/* Reads and remembers. */
__noinline int kft_read_place(__u64 address, int is_net, struct kft_place *place)
{
	struct kft_known_place fresh = {.address = address, .tick = bpf_jiffies64()}, *known;
	__u32 slot = kft_place_slot(address);

	if (!place)
		return -1;
	kft_load_place(address, is_net, place);
	if (!is_net)
		fresh.device = place->ifindex | (__u64)place->mtu << 32;
	fresh.netns = place->netns;
	fresh.check = address ^ fresh.tick ^ fresh.device ^ fresh.netns;
	known = bpf_map_lookup_elem(&kft_places, &slot);
	if (known)
		*known = fresh;
	return 0;
}

static __always_inline void kft_find_place(__u64 address, int is_net, struct kft_place *place)
{
	__u64 tick = bpf_jiffies64(), device = 0, netns = 0, check = 0;
	const volatile struct kft_known_place *known;
	__u32 slot = kft_place_slot(address);

	known = bpf_map_lookup_elem(&kft_places, &slot);
	if (known && known->address == address) {
		device = known->device;
		netns = known->netns;
		check = known->check;
	}
	/* the others' sum is as good as never 0; if so it is read again */
	if (check && check == (address ^ tick ^ device ^ netns)) {
		if (!is_net) {
			place->ifindex = device;
			place->mtu = device >> 32;
		}
		place->netns = netns;
	} else {
		kft_read_place(address, is_net, place);
	}
}

#endif

#endif
