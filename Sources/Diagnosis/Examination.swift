/// What a node offers, as far as tracing needs it.
public struct NodeFacts: Sendable {
  /// How attaching with a backend went.
  public struct Trial: Sendable {
    public var backend: String
    /// Milliseconds it took; `nil` if it failed.
    public var milliseconds: Double?
    /// Kernel functions it could not probe.
    public var notProbed: [String]
    /// Why it failed.
    public var error: String?

    public init(backend: String, milliseconds: Double?, notProbed: [String], error: String?) {
      self.backend = backend
      self.milliseconds = milliseconds
      self.notProbed = notProbed
      self.error = error
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
  public var trials: [Trial] = []
  /// What of the node's rules could not be read, a sentence each.
  public var unreadRules: [String] = []
  public var serviceCount = 0

  public init() {}
}

/// One thing tracing needs or can use.
public struct Finding: Codable, Hashable, Sendable {
  public enum State: String, Codable, Sendable {
    /// There.
    case ok
    /// Not there, and nothing is lost by it.
    case note
    /// Not there, and something is lost.
    case missing
    /// Not there, and nothing can be traced.
    case fatal
  }

  public var name: String
  public var state: State
  public var detail: String
  /// What it costs the user that it is missing.
  public var costs: String?
  /// How to get it.
  public var get: String?

  init(_ name: String, _ state: State, _ detail: String, costs: String? = nil, get: String? = nil) {
    self.name = name
    self.state = state
    self.detail = detail
    self.costs = costs
    self.get = get
  }
}

/// Facts in, findings out.
public enum Examination {
  public static func findings(_ facts: NodeFacts) -> [Finding] {
    [
      btf(facts), capabilities(facts), namespaces(facts), lockdown(facts), netfilter(facts),
      devices(facts), reasons(facts), symbols(facts),
    ] + facts.trials.map(trial) + [rules(facts)]
  }

  private static func btf(_ facts: NodeFacts) -> Finding {
    facts.hasBTF
      ? Finding("BTF", .ok, "/sys/kernel/btf/vmlinux")
      : Finding(
        "BTF", .fatal, "no /sys/kernel/btf/vmlinux", costs: "the programs can't be loaded",
        get: "a kernel built with CONFIG_DEBUG_INFO_BTF, as all distributions' current ones are")
  }

  private static func capabilities(_ facts: NodeFacts) -> Finding {
    facts.missingCapabilities.isEmpty
      ? Finding("capabilities", .ok, "CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN")
      : Finding(
        "capabilities", .fatal, "without \(facts.missingCapabilities.joined(separator: ", "))",
        costs: "nothing can be traced",
        get: "run as root, or in a privileged pod: kubectl debug node/NAME --profile=sysadmin")
  }

  private static func namespaces(_ facts: NodeFacts) -> Finding {
    facts.canEnterNamespaces
      ? Finding("namespaces", .ok, "CAP_SYS_ADMIN: every namespace can be entered")
      : Finding(
        "namespaces", .missing, "without CAP_SYS_ADMIN",
        costs: "--netns, and what other namespaces' devices and routes are", get: "run as root")
  }

  private static func lockdown(_ facts: NodeFacts) -> Finding {
    switch facts.lockdown {
    case "confidentiality":
      Finding(
        "lockdown", .fatal, "confidentiality", costs: "BPF may not read kernel memory",
        get: "boot with lockdown=integrity or none")
    case let mode?: Finding("lockdown", .ok, mode)
    case nil: Finding("lockdown", .ok, "none")
    }
  }

  private static func netfilter(_ facts: NodeFacts) -> Finding {
    switch (facts.hasKprobes, facts.hasNetfilterLinks) {
    case (true, true): Finding("netfilter", .ok, "kprobes and BPF netfilter links")
    case (true, false): Finding("netfilter", .ok, "kprobes (BPF netfilter links came with 6.4)")
    case (false, true): Finding("netfilter", .ok, "BPF netfilter links (no kprobes)")
    case (false, false):
      Finding(
        "netfilter", .fatal, "neither kprobes nor BPF netfilter links",
        costs: "NAT and verdicts can't be seen; kflowtrace drops works",
        get: "a kernel with CONFIG_KPROBES, or 6.4 with CONFIG_NETFILTER_BPF_LINK")
    }
  }

  private static func devices(_ facts: NodeFacts) -> Finding {
    facts.hasTCX
      ? Finding("devices", .ok, "tcx links")
      : Finding(
        "devices", .note,
        "clsact filters (tcx links came with 6.6): after kill -9 they stay until "
          + "the next start")
  }

  private static func reasons(_ facts: NodeFacts) -> Finding {
    facts.reasonCount > 0
      ? Finding("drop reasons", .ok, "\(facts.reasonCount) named by this kernel")
      : Finding(
        "drop reasons", .missing, "this kernel has none",
        costs: "drops are told by the function they happened in, as inferred",
        get: "Linux 5.17 or later")
  }

  private static func symbols(_ facts: NodeFacts) -> Finding {
    facts.hasSymbols
      ? Finding("symbols", .ok, "/proc/kallsyms")
      : Finding(
        "symbols", .missing, "/proc/kallsyms hides its addresses",
        costs: "the place of a drop has no name", get: "sysctl -w kernel.kptr_restrict=1, as root")
  }

  private static func trial(_ trial: NodeFacts.Trial) -> Finding {
    let name = "\(trial.backend) backend"
    guard let time = trial.milliseconds else {
      return Finding(
        name, .missing, trial.error ?? "could not be attached",
        costs: "--backend \(trial.backend)",
        get: "kflowtrace -v --backend \(trial.backend) shows the kernel's log")
    }
    let tenths = Int(time * 10)
    let text = "attached in \(tenths / 10).\(tenths % 10) ms"
    return trial.notProbed.isEmpty
      ? Finding(name, .ok, text)
      : Finding(
        name, .note,
        text + "; without \(trial.notProbed.joined(separator: ", ")), which are probed "
          + "when their modules are loaded")
  }

  private static func rules(_ facts: NodeFacts) -> Finding {
    if let first = facts.unreadRules.first {
      return Finding(
        "rules", .missing, first,
        costs: "Services and rules in them can't be named",
        get: "install iptables on the node, or run where it is")
    }
    return facts.serviceCount > 0
      ? Finding("rules", .ok, "kube-proxy's rules for \(facts.serviceCount) Service ports")
      : Finding(
        "rules", .note,
        "no rules of kube-proxy here: name Services by their IP address, or the "
          + "node's namespace with --netns")
  }

  /// 0 all there, 1 something is lost, 69 the kernel can't, 77 not privileged.
  public static func exitCode(_ facts: NodeFacts) -> Int32 {
    let findings = findings(facts)
    if !facts.missingCapabilities.isEmpty { return 77 }
    if findings.contains(where: { $0.state == .fatal }) { return 69 }
    return findings.contains { $0.state == .missing } ? 1 : 0
  }
}
