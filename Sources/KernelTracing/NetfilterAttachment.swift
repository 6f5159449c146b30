internal import CLibbpf
internal import FlowModel
internal import Glibc

/// The netfilter backend's links in one namespace: where each program stands.
enum NetfilterAttachment {
  /// Stage, netfilter hook and priority; include/uapi/linux/netfilter_ipv4.h has the kernel's
  /// own: raw -300, conntrack -200, mangle -150, dstnat -100, filter 0, security 50, srcnat 100.
  /// The kernel gives a priority to one BPF program a hook: another tracer's program is made way for
  /// in the direction of `step`, which passes none of the kernel's.
  private static let places:
    [(program: String, hook: NetfilterHook, priority: Int32, step: Int32)] = [
      ("kft_nf_raw", .prerouting, -299, 1),
      ("kft_nf_dnat_done", .prerouting, -99, 1),
      ("kft_nf_filter", .input, -151, -1),
      // behind IPVS at 98 and 99, which takes packets away
      ("kft_nf_filter_done", .input, 101, 1),
      ("kft_nf_filter", .forward, -151, -1),
      ("kft_nf_filter_done", .forward, 99, -1),
      ("kft_nf_raw", .output, -299, 1),
      ("kft_nf_dnat_done", .output, -99, 1),
      ("kft_nf_filter_done", .output, 99, -1),
      ("kft_nf_snat_done", .postrouting, 101, 1),
    ]

  /// The netfilter hooks it is at, in the order of a packet's way.
  static var hooks: [NetfilterHook] {
    places.map(\.hook).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The programs this backend needs.
  static let programs = Set(places.map(\.program))

  /// Attaches all of them in the namespace the thread is in, IPv4 and IPv6.
  static func attach(_ descriptors: [String: Int32]) throws(TracingError) -> [Link] {
    var links: [Link] = []
    for place in places {
      guard let program = descriptors[place.program] else { continue }
      for family in [Int32(2), 10] {  // NFPROTO_IPV4, NFPROTO_IPV6
        var result = -EBUSY
        for i in 0..<8 where result == -EBUSY {
          result = kft_attach_netfilter(
            program, family, Int32(place.hook.rawValue), place.priority + place.step * Int32(i))
        }
        if family == 10 && result == -EAFNOSUPPORT { continue }  // a kernel without IPv6
        links.append(
          Link(
            try OwnedDescriptor(
              result, orThrow: "cannot attach to netfilter's \(place.hook)",
              next: result == -EBUSY
                ? "too many other tracers are attached here"
                : "this kernel may lack CONFIG_NETFILTER_BPF_LINK; try --backend kprobe")))
      }
    }
    return links
  }
}
