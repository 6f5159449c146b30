/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Raw tracepoints, in every namespace: drops, TCP resets and retransmissions; and packets at devices
 * of the namespaces that have too many of them for a tcx link each.
 */

SEC("raw_tp/kfree_skb")
int kft_kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	struct kft_site site;

	if (kft_is_other(ctx->args[0], 1, 0))
		return 0;
	site = (struct kft_site){
		.skb = ctx->args[0],
		.hook = KFT_DROP,
		.nf_hook = KFT_NF_HOOK_NONE,
		.location = ctx->args[1],
	};

	/* commit c504e5c2f964 (5.17) added the reason as the third argument */
	if (bpf_core_type_exists(enum skb_drop_reason))
		site.reason = ctx->args[2];
	kft_report(&site, 1);
	return 0;
}

/* What a socket says of the connection, as the packet it sends would. */
static __always_inline int kft_report_sock(struct sock *sk, struct sk_buff *skb, __u8 hook)
{
	struct kft_skb s = {};
	struct kft_packet p = {};
	struct kft_site site = {.skb = (__u64)skb, .hook = hook, .nf_hook = KFT_NF_HOOK_NONE};
	__u16 family = KFT_GET(sk, struct sock, __sk_common.skc_family);
	struct in6_addr v6;
	__u32 v4;

	p.proto = KFT_PROTO_TCP;
	if (family == 2) {
		v4 = KFT_GET(sk, struct sock, __sk_common.skc_rcv_saddr);
		kft_map_v4(p.tuple.saddr, v4);
		v4 = KFT_GET(sk, struct sock, __sk_common.skc_daddr);
		kft_map_v4(p.tuple.daddr, v4);
	} else if (family == 10) {
		v6 = KFT_GET(sk, struct sock, __sk_common.skc_v6_rcv_saddr);
		__builtin_memcpy(p.tuple.saddr, &v6, sizeof(v6));
		v6 = KFT_GET(sk, struct sock, __sk_common.skc_v6_daddr);
		__builtin_memcpy(p.tuple.daddr, &v6, sizeof(v6));
	} else {
		return 0;
	}
	p.tuple.sport = bpf_htons(KFT_GET(sk, struct sock, __sk_common.skc_num));
	p.tuple.dport = KFT_GET(sk, struct sock, __sk_common.skc_dport);
	if (kft_config.proto && kft_config.proto != p.proto)
		return 0;
	if (!kft_config.match_all && !kft_wanted(&p.tuple, p.proto))
		return 0;
	if (kft_read_skb(site.skb, &s))
		return 0;
	site.net = (__u64)KFT_GET(sk, struct sock, __sk_common.skc_net.net);
	kft_fill_place(&site);
	if (!kft_place_wanted(&site))
		return 0;
	kft_emit(&s, &p, &site);
	return 0;
}

SEC("raw_tp/tcp_retransmit_skb")
int kft_tcp_retransmit(struct bpf_raw_tracepoint_args *ctx)
{
	return kft_report_sock((struct sock *)ctx->args[0], (struct sk_buff *)ctx->args[1],
			       KFT_RETRANSMIT);
}

/* The packet is the one that provoked the reset. */
SEC("raw_tp/tcp_send_reset")
int kft_tcp_send_reset(struct bpf_raw_tracepoint_args *ctx)
{
	struct kft_site site = {
		.skb = ctx->args[1], .hook = KFT_RST_SENT, .nf_hook = KFT_NF_HOOK_NONE};

	if (site.skb)
		kft_report(&site, 0);
	return 0;
}

static __always_inline int kft_at_device(struct bpf_raw_tracepoint_args *ctx, __u8 hook)
{
	struct kft_site site;

	if (kft_is_other(ctx->args[0], 0, hook == KFT_TC_INGRESS))
		return 0;
	site = (struct kft_site){
		.skb = ctx->args[0],
		.hook = hook,
		.nf_hook = KFT_NF_HOOK_NONE,
		.by_tracepoint = 1,
	};

	kft_report(&site, 0);
	return 0;
}

/* Just before tc's ingress programs would run. */
SEC("raw_tp/netif_receive_skb")
int kft_device_in(struct bpf_raw_tracepoint_args *ctx)
{
	return kft_at_device(ctx, KFT_TC_INGRESS);
}

/* Just after tc's egress programs have run. */
SEC("raw_tp/net_dev_queue")
int kft_device_out(struct bpf_raw_tracepoint_args *ctx)
{
	return kft_at_device(ctx, KFT_TC_EGRESS);
}
