/// What a drop reason of the kernel means, in our words.
public struct ReasonWords: Sendable {
  /// Without `SKB_DROP_REASON_`, as in include/net/dropreason-core.h.
  public let name: String
  /// Whose part of the network it is seen in; `nil` if it may be anybody's.
  public let layer: Layer?
  /// What happened, one sentence.
  public let what: String
  /// What is usually behind it, and what to do.
  public let usually: String
  /// Freed in the course of things: no fault, whatever flow it is in.
  public let isHarmless: Bool

  init(
    _ name: String, _ layer: Layer?, _ what: String, _ usually: String, isHarmless: Bool = false
  ) {
    self.name = name
    self.layer = layer
    self.what = what
    self.usually = usually
    self.isHarmless = isHarmless
  }

  /// All there are words for, in no order of the kernel's.
  public static let all: [ReasonWords] = general + ip + neighbour + device + tcp + sockets

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// By the kernel's name, with or without its prefix, in any case.
  public init?(named text: String) {
    let name = text.uppercased()
    let prefix = "SKB_DROP_REASON_"
    guard
      let known = Self.byName[name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name]
    else { return nil }
    self = known
  }

  /// Names that stand for no reason: ends of ranges, counts.
  public static let placeholders: Set<String> = [
    "MAX", "SUBSYS_CORE", "SUBSYS_MAC80211_UNUSABLE", "SUBSYS_MAC80211_MONITOR",
    "SUBSYS_OPENVSWITCH", "SUBSYS_MASK", "SUBSYS_NUM", "SKB_NOT_DROPPED_YET",
  ]
}

extension ReasonWords {
  static let general: [ReasonWords] = [
    .init(
      "NOT_SPECIFIED", nil, "The kernel freed it without saying why.",
      "the function it happened in says more: kflowtrace explain FUNCTION"),
    .init(
      "SKB_CONSUMED", nil, "It was used up, not dropped.", "nothing is wrong", isHarmless: true),
    .init("CONSUMED", nil, "It was used up, not dropped.", "nothing is wrong", isHarmless: true),
    .init(
      "NOMEM", .node, "No memory was left for it.",
      "the node is short of memory: see dmesg for allocation failures"),
    .init(
      "PFMEMALLOC", .node,
      "It was in emergency memory, and its socket is not one that may use that.",
      "the node is out of memory and keeps reserves for swap over the network"),
    .init(
      "HDR_TRUNC", .node, "Its headers are cut short.",
      "a damaged packet, or a program (XDP, tc, a tap device) that wrote too few bytes"),
    .init(
      "SKB_CSUM", .node, "Its checksum could not be computed.",
      "checksum offload that a device promised and does not do: ethtool -K DEVICE tx off"),
    .init(
      "SKB_GSO_SEG", .node, "A large packet could not be cut into segments.",
      "a GSO packet that a tunnel or device can't segment: ethtool -K DEVICE gso off tells"),
    .init(
      "SKB_BAD_GSO", .node, "A large packet's segment size makes no sense.",
      "a program or tunnel that set GSO fields wrongly"),
    .init(
      "SKB_UCOPY_FAULT", .application, "It could not be copied to or from the program's memory.",
      "a program handed over a bad buffer (tap, tun, packet socket)"),
    .init(
      "SECURITY_HOOK", .policy, "A security module refused it.",
      "SELinux, AppArmor or BPF LSM labels: see the audit log"),
    .init(
      "BPF_CGROUP_EGRESS", .policy, "A BPF program of its cgroup refused to let it out.",
      "a per-pod policy or bandwidth program: bpftool cgroup tree"),
    .init(
      "SOCKET_FILTER", .application, "The socket's own BPF filter refused it.",
      "a program filters what it wants to hear (dhclient, tcpdump): usually as meant"),
    .init(
      "QUEUE_PURGE", nil, "It still waited in a queue that was emptied.",
      "a device or socket was closed; no fault by itself", isHarmless: true),
    .init(
      "SKB_QUEUE_PURGE", nil, "It still waited in a queue that was emptied.",
      "a device or socket was closed; no fault by itself", isHarmless: true),
    .init(
      "DUP_FRAG", .podNetwork, "The same fragment came twice.",
      "something on the way duplicates packets; fragments point at a sender that ignores the MTU"),
    .init(
      "FRAG_REASM_TIMEOUT", .podNetwork, "Fragments waited for the rest in vain.",
      "a fragment was lost; UDP larger than the path's MTU (DNS, VXLAN inside VXLAN)"),
    .init(
      "FRAG_TOO_FAR", .podNetwork, "A fragment came too long after the others of its sender.",
      "heavy reordering or loss among fragments: net.ipv4.ipfrag_max_dist"),
    .init(
      "RECURSION_LIMIT", .node, "Devices passed it to each other too many times.",
      "a loop of tunnels or stacked devices, each sending through the other"),
  ]
}
