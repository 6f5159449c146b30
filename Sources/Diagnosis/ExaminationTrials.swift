/// What came of trying, and what is on the node besides the kernel.
extension Examination {
  /// Commands of a node and what they are used for.
  public static let commands: [(name: String, use: String)] = [
    ("nsenter", "reading the rules of other namespaces"),
    ("iptables-save", "naming Services and rules"),
    ("iptables-nft-save", "naming rules of iptables-nft"),
    ("iptables-legacy-save", "naming rules of iptables-legacy"),
    ("nft", "checking nftables rules"),
    ("conntrack", "checking connections"),
    ("ip", "checking routes and devices"),
    ("bridge", "checking forwarding entries"),
    ("tc", "checking queues and filters"),
    ("ss", "checking sockets"),
  ]

  static func backends(_ facts: NodeFacts) -> [Finding] {
    var findings: [Finding] = []
    for (name, isThere, lack) in [
      ("kprobe", facts.hasKprobes, "this kernel has no kprobes (CONFIG_KPROBES)"),
      ("netfilter", facts.hasNetfilterLinks, "BPF netfilter links came with Linux 6.4"),
    ] {
      if let trial = facts.trials.first(where: { $0.backend == name }) {
        findings += attempt(trial, facts)
      } else if !isThere, facts.hasBTF, facts.hasKprobes || facts.hasNetfilterLinks {
        let other = facts.hasKprobes ? "kprobe" : "netfilter"
        findings.append(
          Finding(
            "\(name) backend", .note, "\(lack); the \(other) backend does without"))
      }
    }
    return findings
  }

  private static func attempt(_ trial: NodeFacts.Trial, _ facts: NodeFacts) -> [Finding] {
    let name = "\(trial.backend) backend"
    guard let time = trial.milliseconds else {
      // BPF_BTF_GET_NEXT_ID, by which libbpf finds them, wants it, whatever else one has
      let modules = "CAP_SYS_ADMIN, which it takes to read the types of kernel modules; "
      let get =
        trial.isForbidden
        ? (facts.canEnterNamespaces ? "" : modules) + privilege
        : "kflowtrace -v --backend \(trial.backend) --all shows the kernel's log"
      return [
        Finding(
          name, facts.canTrace ? .missing : .fatal, trial.error ?? "could not be attached",
          costs: facts.canTrace
            ? "the \(trial.backend) backend: name the other one with --backend"
            : "nothing can be traced",
          get: get)
      ]
    }
    let tenths = Int(time * 10)
    let hooks = trial.hooks.filter { $0.kind == trial.backend }
    let attached = hooks.filter(\.isAttached)
    let count =
      trial.backend == "kprobe"
      ? "\(attached.count) of \(hooks.count) functions"
      : attached.map(\.name).joined(separator: ", ")
    let text = "\(count), attached in \(tenths / 10).\(tenths % 10) ms"
    return [Finding(name, .ok, text)] + hooks.filter { !$0.isAttached }.map(absent)
  }

  private static func absent(_ hook: NodeFacts.Hook) -> Finding {
    let shows = hook.shows ?? "packets there"
    guard let module = hook.module else {
      return Finding(
        hook.name, .missing, "this kernel has no such function, or none that can be probed",
        costs: "\(shows) can't be seen", get: "another kernel, or --backend netfilter")
    }
    return Finding(
      hook.name, .note, "module \(module) is not loaded; \(shows) will be seen once it is")
  }

  static func tracepoints(_ facts: NodeFacts) -> [Finding] {
    guard let trial = facts.trials.first(where: { $0.milliseconds != nil }) else { return [] }
    let names = trial.hooks.filter { $0.kind == "tracepoint" }.map(\.name)
    return [Finding("tracepoints", .ok, names.joined(separator: ", "))]
  }

  static func rules(_ facts: NodeFacts) -> Finding? {
    guard let unread = facts.unreadRules else { return nil }
    if let first = unread.first {
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

  static func commands(_ facts: NodeFacts) -> Finding? {
    guard let absent = facts.absentCommands else { return nil }
    let lost = commands.filter { absent.contains($0.name) }
    guard !lost.isEmpty else {
      return Finding("commands", .ok, commands.map(\.name).joined(separator: ", "))
    }
    // what the rules need is said there; the others are for people
    let isNeeded = absent.contains("nsenter")
    return Finding(
      "commands", isNeeded ? .missing : .note,
      "without " + lost.map { "\($0.name) (\($0.use))" }.joined(separator: ", "),
      costs: isNeeded ? "rules of the namespaces that --netns names can't be read" : nil,
      get: isNeeded ? "install util-linux on the node" : nil)
  }

  static func residue(_ facts: NodeFacts) -> [Finding] {
    var findings: [Finding] = []
    if !facts.devicesWithPrograms.isEmpty {
      let devices = shortened(facts.devicesWithPrograms, "device")
      findings.append(
        Finding(
          "other programs", .ok,
          "tc programs or filters on \(devices): left as they are, every packet goes on to them"))
    }
    if facts.leftovers > 0 {
      findings.append(
        Finding(
          "leftovers", .note,
          "filters of a killed kflowtrace on \(facts.leftovers) "
            + "device\(facts.leftovers == 1 ? "" : "s"): the next trace removes them"))
    }
    return findings
  }
}
