/// Facts in, findings out.
public enum Examination {
  /// Whom to be to trace.
  static let privilege =
    "run as root, or in a privileged pod: kubectl debug node/NAME --profile=sysadmin"

  public static func findings(_ facts: NodeFacts) -> [Finding] {
    var all = [
      btf(facts), capabilities(facts), namespaces(facts), lockdown(facts), memory(facts),
      netfilter(facts),
    ]
    all += backends(facts) + tracepoints(facts) + [devices(facts), loads(facts), ring(facts)]
    all += [reasons(facts), symbols(facts), rules(facts), commands(facts)].compactMap { $0 }
    return all.compactMap { $0 } + residue(facts)
  }

  /// 0 all there, 1 something is lost, 69 the kernel can't, 77 not privileged.
  public static func exitCode(_ facts: NodeFacts) -> Int32 {
    if isUnprivileged(facts) { return 77 }
    let findings = findings(facts)
    if findings.contains(where: { $0.state == .fatal }) { return 69 }
    return findings.contains { $0.state == .missing } ? 1 : 0
  }

  /// Capabilities are missing, or all that was tried was forbidden by something else.
  static func isUnprivileged(_ facts: NodeFacts) -> Bool {
    !facts.missingCapabilities.isEmpty
      || (!facts.trials.isEmpty && facts.trials.allSatisfy(\.isForbidden))
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
        costs: "nothing can be traced", get: privilege)
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

  /// Before 5.11 BPF maps count against RLIMIT_MEMLOCK.
  private static func memory(_ facts: NodeFacts) -> Finding? {
    let numbers = facts.release.split { $0 == "." || $0 == "-" }.prefix(2).compactMap { Int($0) }
    guard numbers.count == 2, (numbers[0], numbers[1]) < (5, 11), let limit = facts.lockableMemory
    else { return nil }
    let enough = limit >= 64 << 20
    return Finding(
      "locked memory", enough ? .ok : .note,
      enough ? "\(limit >> 20) MiB" : "\(limit >> 10) KiB: raised for the tracer as it starts")
  }

  private static func netfilter(_ facts: NodeFacts) -> Finding {
    switch (facts.hasKprobes, facts.hasNetfilterLinks) {
    case (true, true): Finding("netfilter", .ok, "kprobes and BPF netfilter links")
    case (true, false): Finding("netfilter", .ok, "kprobes")
    case (false, true): Finding("netfilter", .ok, "BPF netfilter links")
    case (false, false):
      Finding(
        "netfilter", .fatal, "neither kprobes nor BPF netfilter links",
        costs: "NAT and verdicts can't be seen; kflowtrace drops works",
        get: "a kernel with CONFIG_KPROBES, or 6.4 with CONFIG_NETFILTER_BPF_LINK")
    }
  }

  private static func devices(_ facts: NodeFacts) -> Finding {
    let hooks = facts.trials.flatMap(\.hooks)
    let names = Set(hooks.filter { $0.kind == "device" }.map(\.name))
    let places = names.isEmpty ? "" : " on " + shortened(names.sorted(), "device")
    guard facts.hasTCX else {
      return Finding(
        "devices", .note,
        "clsact filters\(places); after kill -9 a process of ours removes them (tcx links: 6.6)")
    }
    let areMany = hooks.contains { $0.kind == "tracepoint" && $0.name == "net_dev_queue" }
    let means = areMany ? "tracepoints, as they are many," : "tcx links"
    return Finding("devices", .ok, means + places)
  }

  private static func loads(_ facts: NodeFacts) -> Finding? {
    guard facts.canTrace else { return nil }
    if facts.trials.contains(where: \.readsDirectly) {
      return Finding("kernel memory", .ok, "read by plain loads")
    }
    return facts.hasTCX
      ? Finding(
        "kernel memory", .missing, "read by probes: the kernel refused programs with plain loads",
        costs: "a packet not of interest takes 30 to 150 ns instead of 10", get: "report it, please"
      )
      : Finding(
        "kernel memory", .note, "read by probes, which take longer than plain loads (6.6)")
  }

  private static func ring(_ facts: NodeFacts) -> Finding? {
    facts.canTrace ? Finding("ring buffer", .ok, "\(facts.ringBytes >> 20) MiB") : nil
  }

  private static func reasons(_ facts: NodeFacts) -> Finding {
    facts.reasonCount > 0
      ? Finding("drop reasons", .ok, "\(facts.reasonCount) named by this kernel")
      : facts.hasBTF
        ? Finding(
          "drop reasons", .missing, "this kernel has none",
          costs: "drops are told by the function they happened in, as inferred",
          get: "Linux 5.17 or later")
        : Finding(
          "drop reasons", .missing, "their names are in BTF", costs: "drops have no reason",
          get: "as BTF")
  }

  private static func symbols(_ facts: NodeFacts) -> Finding {
    facts.hasSymbols
      ? Finding("symbols", .ok, "/proc/kallsyms")
      : Finding(
        "symbols", .missing, "/proc/kallsyms hides its addresses",
        costs: "the place of a drop has no name",
        get: "run as root (CAP_SYSLOG), with kernel.kptr_restrict below 2")
  }

  /// `a, b, c and 4 more devices`.
  static func shortened(_ names: [String], _ noun: String) -> String {
    guard names.count > 6 else { return names.joined(separator: ", ") }
    return names.prefix(5).joined(separator: ", ") + " and \(names.count - 5) more \(noun)s"
  }
}
