/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tc and tcx, ingress and egress: packets at devices. Never decides anything. */

/* TC_ACT_UNSPEC for a clsact filter and TCX_NEXT for a tcx link are both -1. */
#define KFT_NEXT (-1)

static __always_inline int kft_tc(struct __sk_buff *ctx, __u8 hook)
{
	/* at run time the context is the sk_buff itself */
	struct kft_site site = {.skb = (__u64)ctx, .hook = hook, .nf_hook = KFT_NF_HOOK_NONE};

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
