/// What a node offers, as far as tracing needs it.
public struct NodeFacts: Sendable {
  /// A place a tracer wants to be at in the kernel.
  public struct Hook: Codable, Hashable, Sendable {
    /// `tracepoint`, `device`, `kprobe` or `netfilter`.
    public var kind: String
    public var name: String
    public var isAttached: Bool
    /// What is seen there, or missed.
    public var shows: String?
    /// The module it is in, if that is why it is not attached.
    public var module: String?

    public init(kind: String, name: String, isAttached: Bool, isInKernel: Bool) {
      self.kind = kind
      self.name = name
      self.isAttached = isAttached
      let words = ProbeWords.all[name]
      shows = words?.shows
      module = isAttached || isInKernel ? nil : words?.module
    }
  }

  /// How attaching with a backend went.
  public struct Trial: Sendable {
    public var backend: String
    /// Milliseconds it took; `nil` if it failed.
    public var milliseconds: Double?
    public var hooks: [Hook]
    /// Why it failed.
    public var error: String?
    /// Whether it failed for want of a privilege.
    public var isForbidden: Bool
    /// Whether kernel memory was read by plain loads.
    public var readsDirectly: Bool

    public init(
      backend: String, milliseconds: Double? = nil, hooks: [Hook] = [], error: String? = nil,
      isForbidden: Bool = false, readsDirectly: Bool = false
    ) {
      self.backend = backend
      self.milliseconds = milliseconds
      self.hooks = hooks
      self.error = error
      self.isForbidden = isForbidden
      self.readsDirectly = readsDirectly
    }
  }

  public var release = ""
  public var hasBTF = false
  /// Those of CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF that this process lacks.
  public var missingCapabilities: [String] = []
  /// CAP_SYS_ADMIN, to enter namespaces.
  public var canEnterNamespaces = false
  public var hasKprobes = false
  public var hasNetfilterLinks = false
  public var hasTCX = false
  /// Drop reasons the kernel names.
  public var reasonCount = 0
  /// /proc/kallsyms shows addresses.
  public var hasSymbols = false
  /// `none`, `integrity` or `confidentiality`; `nil` without the lockdown LSM.
  public var lockdown: String?
  /// Bytes this process may lock in memory; `nil`: no limit.
  public var lockableMemory: UInt64?
  /// Bytes of the ring buffer tried.
  public var ringBytes = 0
  public var trials: [Trial] = []
  /// Devices here that have tc programs or filters of others.
  public var devicesWithPrograms: [String] = []
  /// Devices with filters of a tracer that was killed.
  public var leftovers = 0
  /// Commands of ``Examination/commands`` that are not there; `nil`: not looked for.
  public var absentCommands: [String]?
  /// What of the node's rules could not be read, a sentence each; `nil`: not read.
  public var unreadRules: [String]?
  public var serviceCount = 0

  public init() {}

  /// Whether any way of tracing was tried with success.
  public var canTrace: Bool { trials.contains { $0.milliseconds != nil } }
}

/// What is seen at the kernel functions that are probed.
enum ProbeWords {
  static let all: [String: (shows: String, module: String?)] = [
    "nf_conntrack_in": ("connections as conntrack meets them", "nf_conntrack"),
    "__nf_conntrack_confirm": ("new conntrack entries", "nf_conntrack"),
    "nf_nat_inet_fn": ("NAT being looked up", "nf_nat"),
    "nf_nat_manip_pkt": ("NAT being done", "nf_nat"),
    "nf_hook_slow": ("netfilter hooks as packets enter them", nil),
    "ipt_do_table": ("tables of iptables-legacy", "ip_tables"),
    "ip6t_do_table": ("tables of ip6tables-legacy", "ip6_tables"),
    "nft_do_chain": ("chains of nftables and iptables-nft", "nf_tables"),
    "ip_rcv": ("IPv4 arriving", nil),
    "ipv6_rcv": ("IPv6 arriving", "ipv6"),
    "ip_forward": ("IPv4 forwarded", nil),
    "ip6_forward": ("IPv6 forwarded", "ipv6"),
    "ip_local_deliver": ("IPv4 delivered to a socket", nil),
    "ip6_input": ("IPv6 delivered to a socket", "ipv6"),
    "ip_output": ("IPv4 leaving", nil),
    "ip6_output": ("IPv6 leaving", "ipv6"),
    "br_handle_frame_finish": ("packets entering a bridge", "bridge"),
    "br_dev_queue_push_xmit": ("packets leaving a bridge", "bridge"),
    "vxlan_xmit": ("packets entering VXLAN", "vxlan"),
    "vxlan_rcv": ("packets leaving VXLAN", "vxlan"),
    "ip_vs_nat_xmit": ("IPv4 that IPVS sends to a real server", "ip_vs"),
    "ip_vs_nat_xmit_v6": ("IPv6 that IPVS sends to a real server", "ip_vs"),
    "__icmp_send": ("ICMP errors this node makes", nil),
    "icmp6_send": ("ICMPv6 errors this node makes", "ipv6"),
    "kfree_skb": ("drops", nil),
    "tcp_retransmit_skb": ("retransmissions of this node's sockets", nil),
    "tcp_send_reset": ("resets this node sends", nil),
  ]
}
