/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one source: every kind of attachment, around one set of maps. KFT_DIRECT: see memory.bpf.h. */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "event.h"
#include "kernel_types.h"
#include "maps.bpf.h"
#include "memory.bpf.h"
#include "skb.bpf.h"
#include "packet.bpf.h"
#include "match.bpf.h"
#include "conntrack.bpf.h"
#include "other.bpf.h"
#include "dns.bpf.h"
#include "report.bpf.h"

#include "tc.bpf.c"
#include "netfilter.bpf.c"
#include "kprobe.bpf.c"
#include "tracepoint.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
