/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Netfilter links (Linux >= 6.4), one program a stage; the loader attaches each at
 * its priority in every hook that has the stage. Always accepts. Each costs a packet that is not of
 * interest several times more to call than to run: before source NAT there is none, as little happens
 * to a packet between the chains of FORWARD or OUTPUT and POSTROUTING.
 */

#define KFT_NF_ACCEPT 1

static __always_inline int kft_nf(struct bpf_nf_ctx *ctx, __u8 hook)
{
	/* the kernel knows the context's types, which it takes its time to check */
	__u64 state = (__u64)ctx->state;
	struct kft_site site;

	if (kft_is_other((__u64)ctx->skb, 1, 0))
		return KFT_NF_ACCEPT;
	site = (struct kft_site){
		.skb = (__u64)ctx->skb,
		.net = (__u64)KFT_GET(state, struct nf_hook_state, net),
		.dev = (__u64)KFT_GET(state, struct nf_hook_state, in),
		.out = (__u64)KFT_GET(state, struct nf_hook_state, out),
		.hook = hook,
		.nf_hook = KFT_GET(state, struct nf_hook_state, hook),
	};

	kft_report(&site, 1);
	return KFT_NF_ACCEPT;
}

/* libbpf 1.1 does not know the type: the loader sets it by this section's name. */
#define KFT_NF_PROGRAM(name, hook)                                                                 \
	SEC("kft_netfilter")                                                                       \
	int name(struct bpf_nf_ctx *ctx)                                                           \
	{                                                                                          \
		return kft_nf(ctx, hook);                                                          \
	}

KFT_NF_PROGRAM(kft_nf_raw, KFT_NF_RAW)
KFT_NF_PROGRAM(kft_nf_dnat_done, KFT_NF_DNAT_DONE)
KFT_NF_PROGRAM(kft_nf_filter, KFT_NF_FILTER)
KFT_NF_PROGRAM(kft_nf_filter_done, KFT_NF_FILTER_DONE)
KFT_NF_PROGRAM(kft_nf_snat_done, KFT_NF_SNAT_DONE)
