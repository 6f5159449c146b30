internal import CLibbpf
internal import FlowModel
internal import Glibc

/// The netfilter backend's links in one namespace: where each program stands.
enum NetfilterAttachment {
  /// Stage, netfilter hook and priority; include/uapi/linux/netfilter_ipv4.h has the kernel's
  /// own: raw -300, conntrack -200, mangle -150, dstnat -100, filter 0, security 50, srcnat 100.
  private static let places: [(program: String, hook: NetfilterHook, priority: Int32)] = [
    ("kft_nf_raw", .prerouting, -299),
    ("kft_nf_dnat_done", .prerouting, -99),
    ("kft_nf_filter", .input, -151),
    ("kft_nf_filter_done", .input, 99),
    ("kft_nf_filter", .forward, -151),
    ("kft_nf_filter_done", .forward, 99),
    ("kft_nf_raw", .output, -299),
    ("kft_nf_dnat_done", .output, -99),
    ("kft_nf_filter_done", .output, 99),
    ("kft_nf_snat", .postrouting, 99),
    ("kft_nf_snat_done", .postrouting, 101),
  ]

  /// The programs this backend needs.
  static let programs = Set(places.map(\.program))

  /// Attaches all of them in the namespace the thread is in, IPv4 and IPv6.
  static func attach(_ descriptors: [String: Int32]) throws(TracingError) -> [Link] {
    var links: [Link] = []
    for place in places {
      guard let program = descriptors[place.program] else { continue }
      for family in [Int32(2), 10] {  // NFPROTO_IPV4, NFPROTO_IPV6
        let result = kft_attach_netfilter(
          program, family, Int32(place.hook.rawValue), place.priority)
        if family == 10 && result == -EAFNOSUPPORT { continue }  // a kernel without IPv6
        links.append(
          Link(
            try OwnedDescriptor(
              result, orThrow: "cannot attach to netfilter's \(place.hook)",
              next: "this kernel may lack CONFIG_NETFILTER_BPF_LINK; try --backend kprobe")))
      }
    }
    return links
  }
}
