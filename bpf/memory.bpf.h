/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading kernel memory. All of bpf/ is compiled twice. With KFT_DIRECT memory is read by plain loads: a
 * number may be given one of the kernel's types (bpf_rdonly_cast, commit a35b9af4ec2c, 6.2). Without,
 * by the helper that probes, which takes many times as long. A bad address reads as zeros either way.
 */
#ifndef KFT_MEMORY_BPF_H
#define KFT_MEMORY_BPF_H

/*
 * The stages of a packet's examination. With probes they are global functions: the verifier checks each
 * once on its own instead of once a path of its callers, which is the difference between 10 and 560 ms a
 * program; and 512 bytes of stack hold one stage at a time. So arguments are numbers or memory that
 * may be NULL. With plain loads there is neither such a difference nor so much on the stack, and what
 * counts is that a return costs about 8 ns where the processor needs a mitigation for it.
 */
#if KFT_DIRECT
#define KFT_STAGE static __always_inline
#else
#define KFT_STAGE __noinline
#endif

#if KFT_DIRECT

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;

static __always_inline struct sk_buff *kft_cast_skb(__u64 address)
{
	return bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct sk_buff));
}

/*
 * 48 bytes of kernel memory from an address on. They are what an sk_buff at the right distance would
 * have in `cb`: an array of bytes, which the verifier lets be read as anything.
 */
static __always_inline const __u8 *kft_bytes(__u64 address)
{
	return kft_cast_skb(address - bpf_core_field_offset(struct sk_buff, cb))->cb;
}

/*
 * A field of the structure at an address. Volatile, or the compiler may have one instruction load from
 * here or from elsewhere, which the verifier does not allow.
 */
#define KFT_GET(address, type, field)                                                              \
	(*(volatile typeof(((type *)0)->field) *)kft_bytes((__u64)(address) +                      \
							   bpf_core_field_offset(type, field)))

#else

#define KFT_GET(address, type, field)                                                              \
	({                                                                                         \
		typeof(((type *)0)->field) kft_got;                                                \
		bpf_probe_read_kernel(&kft_got, sizeof(kft_got),                                   \
				      (void *)(address) + bpf_core_field_offset(type, field));     \
		kft_got;                                                                           \
	})

#endif

#endif
