/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tc and tcx, ingress and egress: packets at devices. Never decides anything. */

/* At run time the context is the sk_buff itself. */

/* TC_ACT_UNSPEC for a clsact filter and TCX_NEXT for a tcx link are both -1. */
#define KFT_NEXT (-1)

#if KFT_DIRECT

static __always_inline int kft_tc_is_other(struct __sk_buff *ctx)
{
	return kft_is_other((__u64)ctx, 0, 0);
}

#else

/* By a helper of this program type, that takes less than a probe. */
__noinline int kft_tc_is_other(struct __sk_buff *ctx)
{
	__u8 h[KFT_PLAIN_V6];
	struct kft_plain p;
	__u32 size;

	if (kft_config.match_all)
		return 0;
	if (ctx->protocol == bpf_htons(KFT_ETH_P_IP))
		size = KFT_PLAIN_V4;
	else if (ctx->protocol == bpf_htons(KFT_ETH_P_IPV6))
		size = KFT_PLAIN_V6;
	else
		return 1;
	if (bpf_skb_load_bytes_relative(ctx, 0, h, size, BPF_HDR_START_NET))
		return 0;
	p = kft_look(h);
	return p.length && !kft_may_carry(p.proto, p.dport) && !p.may_match;
}

#endif

static __always_inline int kft_tc(struct __sk_buff *ctx, __u8 hook)
{
	struct kft_site site;

	if (kft_tc_is_other(ctx))
		return KFT_NEXT;
	site = (struct kft_site){
		.skb = (__u64)ctx,
		.hook = hook,
		.nf_hook = KFT_NF_HOOK_NONE,
		.gso_size = ctx->gso_size,
		.has_gso_size = 1,
	};
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
