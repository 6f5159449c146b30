/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading kernel memory: by plain loads where a number may be given one of the kernel's types
 * (bpf_rdonly_cast, commit a35b9af4ec2c, 6.2), which takes a fraction of what the helper takes that
 * probes; else by that. A bad address reads as zeros either way.
 */
#ifndef KFT_MEMORY_BPF_H
#define KFT_MEMORY_BPF_H

/* a helper function that came with it: relocations don't tell of functions like that one */
enum bpf_func_id___as_of_6_2 { BPF_FUNC_cgrp_storage_get___as_of_6_2 = 210 };

#define KFT_DIRECT                                                                                 \
	bpf_core_enum_value_exists(enum bpf_func_id___as_of_6_2,                                   \
				   BPF_FUNC_cgrp_storage_get___as_of_6_2)

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

/* As many bytes can be read from what kft_bytes returns. */
#define KFT_BYTES 48

/*
 * Kernel memory from an address on, only if KFT_DIRECT. It is what an sk_buff at the right
 * distance would have in `cb`: an array of bytes, which the verifier lets be read as anything.
 */
static __always_inline const __u8 *kft_bytes(__u64 address)
{
	__u64 start = address - bpf_core_field_offset(struct sk_buff, cb);
	struct sk_buff *window;

	window = bpf_rdonly_cast((void *)start, bpf_core_type_id_kernel(struct sk_buff));
	return window->cb;
}

/* A field of the structure at an address. */
#define KFT_GET(address, type, field)                                                              \
	({                                                                                         \
		__u64 kft_at = (__u64)(address) + bpf_core_field_offset(type, field);              \
		typeof(((type *)0)->field) kft_got;                                                \
		if (KFT_DIRECT) {                                                                  \
			kft_got = *(typeof(kft_got) *)kft_bytes(kft_at);                           \
		} else {                                                                           \
			typeof(kft_got) kft_copy;                                                  \
			bpf_probe_read_kernel(&kft_copy, sizeof(kft_copy), (void *)kft_at);        \
			kft_got = kft_copy;                                                        \
		}                                                                                  \
		kft_got;                                                                           \
	})

#endif
