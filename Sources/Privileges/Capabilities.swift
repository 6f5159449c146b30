/// Capabilities of Linux, by the numbers of include/uapi/linux/capability.h.
public struct Capabilities: OptionSet, Sendable, Hashable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  private init(bit: UInt64) { rawValue = 1 << bit }

  /// Files of others, for `sudo` in whoever's folder.
  public static let overrideFiles = Capabilities(bit: 1)
  /// The mode of an existing file of somebody else's.
  public static let ownFiles = Capabilities(bit: 3)
  /// tc, netfilter and its rules.
  public static let netAdmin = Capabilities(bit: 12)
  /// iptables-save opens a raw socket to ask the kernel.
  public static let netRaw = Capabilities(bit: 13)
  /// Namespaces of processes that may more than we.
  public static let ptrace = Capabilities(bit: 19)
  /// Entering namespaces, and the types of kernel modules.
  public static let sysAdmin = Capabilities(bit: 21)
  /// Addresses in /proc/kallsyms.
  public static let syslog = Capabilities(bit: 34)
  /// Probes, and programs that read the kernel's memory.
  public static let perfmon = Capabilities(bit: 38)
  /// Programs and maps.
  public static let bpf = Capabilities(bit: 39)

  /// What a trace has a use for, from its start to its end.
  public static let tracing: Capabilities = [
    .netAdmin, .netRaw, .ptrace, .sysAdmin, .syslog, .perfmon, .bpf,
  ]
  /// What opening files takes, for the files that a user names.
  public static let files: Capabilities = [.overrideFiles, .ownFiles]

  /// Names of those that tracing can't do without and that are not among these.
  public var missingForTracing: [String] {
    // CAP_SYS_ADMIN implies the two that were split off it
    let had = contains(.sysAdmin) ? union([.perfmon, .bpf]) : self
    return [(Capabilities.netAdmin, "CAP_NET_ADMIN"), (.perfmon, "CAP_PERFMON"), (.bpf, "CAP_BPF")]
      .filter { !had.contains($0.0) }.map(\.1)
  }
}
