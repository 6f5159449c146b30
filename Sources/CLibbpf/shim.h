// What Swift needs beyond libbpf 1.1 and glibc's module: link types newer than libbpf, a link
// monitor, and libbpf's log as one string.
#ifndef KFT_LIBBPF_SHIM_H
#define KFT_LIBBPF_SHIM_H

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// include/uapi/linux/bpf.h, Linux 6.4 and 6.6
enum {
  KFT_PROG_TYPE_NETFILTER = 32,
  KFT_ATTACH_NETFILTER = 45,
  KFT_ATTACH_TCX_INGRESS = 46,
  KFT_ATTACH_TCX_EGRESS = 47,
};

// include/uapi/linux/netfilter.h, which glibc's netinet/in.h is at odds with
enum {
  KFT_NFPROTO_INET = 1,
  KFT_NFPROTO_IPV4 = 2,
  KFT_NFPROTO_IPV6 = 10,
};

// The BPF_LINK_CREATE member of union bpf_attr, as far as it is used here.
struct kft_link_attr {
  __u32 prog_fd;
  __u32 target;
  __u32 attach_type;
  __u32 flags;
  __u32 extra[6];
};

static inline int kft_link_create(const struct kft_link_attr *_Nonnull attr) {
  long fd = syscall(SYS_bpf, 28 /* BPF_LINK_CREATE */, attr, sizeof(*attr));
  return fd < 0 ? -errno : (int)fd;
}

/// Attaches a netfilter program in the current namespace; a link fd or -errno.
static inline int kft_attach_netfilter(int prog, int pf, int hook, int priority) {
  struct kft_link_attr attr = {
      .prog_fd = prog, .attach_type = KFT_ATTACH_NETFILTER, .extra = {pf, hook, priority, 0}};
  return kft_link_create(&attr);
}

/// Attaches a tc program by a tcx link to a device of the current namespace; a link fd or -errno.
static inline int kft_attach_tcx(int prog, int ifindex, int attach_type) {
  struct kft_link_attr attr = {.prog_fd = prog, .target = ifindex, .attach_type = attach_type};
  return kft_link_create(&attr);
}

/// Inode number of the network namespace's file (nsfs) a path leads to; 0 if it is none.
static inline __u32 kft_namespace_inode(const char *_Nonnull path) {
  struct stat status;
  struct statfs system;
  int kind, fd;
  if (stat(path, &status) || statfs(path, &system) || system.f_type != 0x6e736673) return 0;
  // every kind of namespace is such a file
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  kind = ioctl(fd, NS_GET_NSTYPE);
  close(fd);
  return kind == 0x40000000 /* CLONE_NEWNET */ ? (__u32)status.st_ino : 0;
}

/// A non-blocking socket that gets a message whenever a link of the current namespace
/// changes; -errno.
static inline int kft_link_monitor(void) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
    int error = -errno;
    close(fd);
    return error;
  }
  return fd;
}

/// Empties the monitor's queue; whether anything was in it.
static inline int kft_drain(int fd) {
  char buffer[8192];
  int any = 0;
  for (;;) {
    ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n > 0 || (n < 0 && errno == ENOBUFS)) {
      any = 1;
    } else {
      return any;
    }
  }
}

/// A non-blocking nfnetlink socket of the current namespace, in a multicast group unless that is 0,
/// with room for what comes; its port number through `port`. -errno.
static inline int kft_netfilter_socket(int group, __u32 *_Nonnull port) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  socklen_t length = sizeof(address);
  int room = 4 << 20;
  int error = 0;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
  if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
      getsockname(fd, (struct sockaddr *)&address, &length) ||
      (group && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))))
    error = -errno;
  if (error) {
    close(fd);
    return error;
  }
  *port = address.nl_pid;
  return fd;
}

/// Whether a filter hangs on the clsact qdisc of a device of the current namespace; yes if
/// that can't be found out.
static inline int kft_clsact_has_filters(int ifindex) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  int found = 0;
  if (fd < 0) return 1;
  // TC_H_MIN_INGRESS and TC_H_MIN_EGRESS below TC_H_CLSACT (include/uapi/linux/pkt_sched.h)
  for (__u32 parent = 0xfffffff2; parent <= 0xfffffff3; parent++) {
    struct {
      struct nlmsghdr header;
      struct tcmsg message;
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = RTM_GETTFILTER,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .message = {.tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent},
    };
    char buffer[16384] __attribute__((aligned(8)));
    int done = 0;
    if (send(fd, &request, sizeof(request), 0) < 0) found = 1;
    while (!found && !done) {
      ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
      if (n <= 0) {
        found = 1;
        break;
      }
      for (struct nlmsghdr *h = (struct nlmsghdr *)buffer; NLMSG_OK(h, (__u32)n);
           h = NLMSG_NEXT(h, n)) {
        if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) done = 1;
        if (h->nlmsg_type == RTM_NEWTFILTER) found = 1;
      }
    }
  }
  close(fd);
  return found;
}

/// A descriptor to wait with for a ring buffer's wakeups, each of them told once; -errno.
static inline int kft_wakeups(int ring) {
  // edge-triggered: that there is something is no reason to look, the program says when to
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return -errno;
  if (epoll_ctl(fd, EPOLL_CTL_ADD, ring, &event)) {
    int error = -errno;
    close(fd);
    return error;
  }
  return fd;
}

/// Waits for a wakeup for so long at most, or for a signal.
static inline void kft_await_wakeup(int fd, int milliseconds) {
  struct epoll_event event;
  epoll_wait(fd, &event, 1, milliseconds);
}

/// Bytes this process may lock in memory; all ones for no limit.
static inline __u64 kft_memlock_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY) return ~(__u64)0;
  return limit.rlim_cur;
}

/// How many programs hang on a device of the current namespace by tcx links; 0 before Linux 6.6.
static inline int kft_tcx_programs(int ifindex, int attach_type) {
  // the BPF_PROG_QUERY member of union bpf_attr, as of 6.6
  struct {
    __u32 target, attach_type, query_flags, attach_flags;
    __u64 prog_ids;
    __u32 count, pad;
    __u64 prog_attach_flags, link_ids, link_attach_flags, revision;
  } attr = {.target = ifindex, .attach_type = attach_type};
  return syscall(SYS_bpf, 16 /* BPF_PROG_QUERY */, &attr, sizeof(attr)) ? 0 : (int)attr.count;
}

/// Whether the kernel has tcx links: 1, 0, or -errno if this process may not ask.
static inline int kft_has_tcx(void) {
  // no device has the index 0
  struct {
    __u32 target, attach_type;
    __u32 rest[14];
  } attr = {.attach_type = KFT_ATTACH_TCX_INGRESS};
  if (!syscall(SYS_bpf, 16 /* BPF_PROG_QUERY */, &attr, sizeof(attr)) || errno == ENODEV) return 1;
  return errno == EINVAL ? 0 : -errno;
}

/// Whether the kernel has netfilter programs, and so their links: the same.
static inline int kft_has_netfilter_programs(void) {
  struct bpf_insn accept[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
                              {.code = BPF_JMP | BPF_EXIT}};
  DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, opts,
                      .expected_attach_type = (enum bpf_attach_type)KFT_ATTACH_NETFILTER);
  int fd = bpf_prog_load((enum bpf_prog_type)KFT_PROG_TYPE_NETFILTER, NULL, "GPL", accept, 2, &opts);
  if (fd >= 0) {
    close(fd);
    return 1;
  }
  return fd == -EINVAL ? 0 : fd;
}

// The tc calls, here because Swift lays out libbpf's option structures (which end in an unnamed
// bitfield) differently. All work on the current namespace and give 0 or -errno.

/// Adds a clsact qdisc; -EEXIST if there is one.
static inline int kft_clsact_create(int ifindex) {
  DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
                      .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
  return bpf_tc_hook_create(&hook);
}

/// Removes the clsact qdisc with everything on it.
static inline int kft_clsact_destroy(int ifindex) {
  DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
                      .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
  return bpf_tc_hook_destroy(&hook);
}

/// Adds a program as a filter, or replaces the one with this handle and priority.
static inline int kft_clsact_attach(int ifindex, int egress, int prog, __u32 handle,
                                    __u32 priority) {
  DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
                      .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
  DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = priority, .prog_fd = prog,
                      .flags = BPF_TC_F_REPLACE);
  return bpf_tc_attach(&hook, &opts);
}

/// Removes the filter with this handle and priority.
static inline int kft_clsact_detach(int ifindex, int egress, __u32 handle, __u32 priority) {
  DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
                      .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
  DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = priority);
  return bpf_tc_detach(&hook, &opts);
}

/// The end of libbpf's messages since the last reset; the verifier's log is in it.
static inline char *_Nonnull kft_log(void) {
  static char text[65536];
  return text;
}

static inline int kft_log_append(enum libbpf_print_level level, const char *_Nonnull format,
                                 va_list arguments) {
  enum { SIZE = 65536 };
  char *text = kft_log();
  size_t length = strlen(text);
  if (level == LIBBPF_DEBUG) return 0;
  if (length > SIZE / 2) {
    memmove(text, text + SIZE / 4, length - SIZE / 4 + 1);
    length -= SIZE / 4;
  }
  return vsnprintf(text + length, SIZE - length, format, arguments);
}

/// Sends libbpf's messages into the log instead of stderr and empties it.
static inline void kft_log_reset(void) {
  kft_log()[0] = 0;
  libbpf_set_print(kft_log_append);
}

/// Name of enumerator i of an enum; NULL past the end. Its value through `value`.
static inline const char *_Nullable kft_btf_enumerator(const struct btf *_Nonnull btf, int type,
                                                       int i, __s64 *_Nonnull value) {
  const struct btf_type *t = btf__type_by_id(btf, (__u32)type);
  if (!t || !btf_is_enum(t) || i >= btf_vlen(t)) return NULL;
  *value = btf_enum(t)[i].val;
  return btf__name_by_offset(btf, btf_enum(t)[i].name_off);
}

#endif
