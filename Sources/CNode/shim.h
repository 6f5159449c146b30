// What glibc's module for Swift leaves out: entering a network namespace, pipes that children don't
// inherit, capabilities, and netlink.
#ifndef KFT_NODE_SHIM_H
#define KFT_NODE_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/types.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Opens a path read-only; a descriptor or -errno.
static inline int kft_open(const char *_Nonnull path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/// Moves the calling thread into a network namespace; 0 or -errno.
static inline int kft_enter_netns(int fd) {
  return syscall(SYS_setns, fd, 0x40000000 /* CLONE_NEWNET */) ? -errno : 0;
}

/// A pipe: the reading end, the writing one through `writing`; -errno.
static inline int kft_pipe(int *_Nonnull writing) {
  int ends[2];
  if (syscall(SYS_pipe2, ends, O_CLOEXEC)) return -errno;
  *writing = ends[1];
  return ends[0];
}

// The calling thread's capabilities, a bit each.
struct kft_capability_sets {
  __u64 effective;
  __u64 permitted;
  __u64 inheritable;
};

/// Reads them; 0 or -errno.
static inline int kft_get_capabilities(struct kft_capability_sets *_Nonnull sets) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data)) return -errno;
  sets->effective = data[0].effective | (__u64)data[1].effective << 32;
  sets->permitted = data[0].permitted | (__u64)data[1].permitted << 32;
  sets->inheritable = data[0].inheritable | (__u64)data[1].inheritable << 32;
  return 0;
}

/// Sets them; 0 or -errno.
static inline int kft_set_capabilities(struct kft_capability_sets sets) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {
      {(__u32)sets.effective, (__u32)sets.permitted, (__u32)sets.inheritable},
      {sets.effective >> 32, sets.permitted >> 32, sets.inheritable >> 32}};
  return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/// Takes all others out of the bounding set, as far as CAP_SETPCAP is there.
static inline void kft_limit_bounding_set(__u64 kept) {
  for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
    if (!(kept >> i & 1)) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

/// From now on no program that is run has more than who runs it.
static inline void kft_forbid_new_privileges(void) { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

/// Lets BPF maps lock what memory they need, which libbpf can't where CAP_SYS_RESOURCE is gone.
static inline void kft_unlimit_memlock(void) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &limit);
}

/// Asks netlink of the current namespace (`protocol`: NETLINK_ROUTE, …) for all of a kind
/// (RTM_GETLINK, …, with a zeroed family header of `header` bytes) and hands every answer over, from
/// its header on. 0 or -errno.
static inline int kft_netlink_dump(int protocol, __u16 type, __u8 family, __u32 header,
                                   void *_Nullable context,
                                   void (*_Nonnull take)(void *_Nullable context, __u16 type,
                                                         const void *_Nonnull bytes,
                                                         __u32 count)) {
  struct {
    struct nlmsghdr header;
    __u8 body[16];
  } request = {
      .header = {.nlmsg_len = NLMSG_LENGTH(header),
                 .nlmsg_type = type,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
      .body = {family},
  };
  static __thread char buffer[65536] __attribute__((aligned(8)));
  int result = 1;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) return -errno;
  if (send(fd, &request, request.header.nlmsg_len, 0) < 0) result = -errno;
  while (result == 1) {
    ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
    if (n <= 0) {
      if (n < 0 && errno == EINTR) continue;
      result = n < 0 ? -errno : -EPIPE;
      break;
    }
    for (struct nlmsghdr *h = (struct nlmsghdr *)buffer; NLMSG_OK(h, (__u32)n);
         h = NLMSG_NEXT(h, n)) {
      if (h->nlmsg_type == NLMSG_DONE) {
        result = 0;
      } else if (h->nlmsg_type == NLMSG_ERROR) {
        result = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
      } else {
        take(context, h->nlmsg_type, NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN);
      }
    }
  }
  close(fd);
  return result;
}

/// Hands over the family (NFPROTO_IPV4, …) and the name of each nftables table of the current
/// namespace; 0 or -errno. Asking loads nf_tables.
static inline int kft_nft_tables(void *_Nullable context,
                                 void (*_Nonnull take)(void *_Nullable context, __u16 type,
                                                       const void *_Nonnull bytes, __u32 count)) {
  return kft_netlink_dump(NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0,
                          sizeof(struct nfgenmsg), context, take);
}

#endif
