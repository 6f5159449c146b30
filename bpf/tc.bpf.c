/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tc and tcx, ingress and egress: packets at devices. Never decides anything. */

/* TC_ACT_UNSPEC for a clsact filter and TCX_NEXT for a tcx link are both -1. */
#define KFT_NEXT (-1)

/*
 * Whether it can't be of interest: by its first bytes, which a helper of this program type loads for
 * less than a probe. Packets that may carry others, and odd ones, are left to kft_report.
 */
__noinline int kft_tc_is_other(struct __sk_buff *ctx)
{
	__u32 h[11];
	const __u8 *bytes = (const __u8 *)h;
	struct kft_tuple t;
	__u8 proto;

	if (kft_config.match_all)
		return 0;
	if (ctx->protocol == bpf_htons(KFT_ETH_P_IP)) {
		if (bpf_skb_load_bytes_relative(ctx, 0, h, 28, BPF_HDR_START_NET) ||
		    bytes[0] != 0x45) /* without options */
			return 0;
		proto = bytes[9];
		kft_map_v4(t.saddr, h[3]);
		kft_map_v4(t.daddr, h[4]);
		t.sport = h[5];
		t.dport = h[5] >> 16;
	} else if (ctx->protocol == bpf_htons(KFT_ETH_P_IPV6)) {
		if (bpf_skb_load_bytes_relative(ctx, 0, h, 44, BPF_HDR_START_NET) ||
		    bytes[0] >> 4 != 6)
			return 0;
		proto = bytes[6];
		kft_copy_address(t.saddr, bytes + 8);
		kft_copy_address(t.daddr, bytes + 24);
		t.sport = h[10];
		t.dport = h[10] >> 16;
	} else {
		return 1;
	}
	/* a later fragment's ports are none: it is looked at for nothing at worst */
	return !kft_may_carry(proto, t.dport) && !kft_may_match(&t);
}

static __always_inline int kft_tc(struct __sk_buff *ctx, __u8 hook)
{
	/* at run time the context is the sk_buff itself */
	struct kft_site site = {.skb = (__u64)ctx, .hook = hook, .nf_hook = KFT_NF_HOOK_NONE};

	if (kft_tc_is_other(ctx))
		return KFT_NEXT;
	site.gso_size = ctx->gso_size;
	site.has_gso_size = 1;
	kft_report(&site, 0);
	return KFT_NEXT;
}

SEC("tc")
int kft_tc_ingress(struct __sk_buff *ctx)
{
	return kft_tc(ctx, KFT_TC_INGRESS);
}

SEC("tc")
int kft_tc_egress(struct __sk_buff *ctx)
{
	return kft_tc(ctx, KFT_TC_EGRESS);
}
