/// Runs the commands of a node that print its rules, those only that change nothing there.
struct NodeRulesReader {
  private let path: String?

  init(_ path: String?) { self.path = path }

  /// Reads both IP versions and both back ends of iptables, then nftables and IPVS.
  func read() async -> NodeRules {
    if let path, case .failed(let why) = await run("true") {
      return NodeRules(missing: ["rules of the network namespace \(path): \(why)"])
    }
    let hasNFT = await hasNFTables()
    async let v4 = read(.ipv4, hasNFT: hasNFT)
    async let v6 = read(.ipv6, hasNFT: hasNFT)
    let (a, b) = await (v4, v6)
    var rules = NodeRules(ruleSets: a.ruleSets + b.ruleSets, missing: a.missing + b.missing)
    if hasNFT { await NFTCommand(path).read(into: &rules) }
    await readIPVS(into: &rules)
    return rules
  }

  /// The file is there once ip_vs is loaded.
  private func readIPVS(into rules: inout NodeRules) async {
    guard case .output(let bytes) = await run("cat", "/proc/net/ip_vs") else { return }
    rules.ipvs = IPVSTable(parsing: String(decoding: bytes, as: UTF8.self))
    if let problem = rules.ipvs.problem {
      rules.missing.append(
        "/proc/net/ip_vs: \(rules.ipvs.problemCount) lines were not understood, the first is "
          + "\(problem)")
    }
  }

  private func run(_ name: String, _ arguments: String...) async -> NodeCommand.Outcome {
    await NodeCommand(name: name, arguments: arguments, netns: path).run()
  }

  /// Whether nf_tables is in the kernel by now: asking it for rules would load the module.
  private func hasNFTables() async -> Bool {
    // without a list of modules the kernel has none to load
    guard case .output(let modules) = await run("cat", "/proc/modules") else { return true }
    let lines = String(decoding: modules, as: UTF8.self).split(separator: "\n")
    if lines.contains(where: { $0.hasPrefix("nf_tables ") }) { return true }
    if case .output = await run("grep", "-qm1", " nft_do_chain$", "/proc/kallsyms") { return true }
    return false
  }

  private func read(_ family: IPFamily, hasNFT: Bool) async -> NodeRules {
    var rules = NodeRules()
    let tool = family == .ipv4 ? "iptables" : "ip6tables"
    let plain = await plainBackend(tool)
    if hasNFT {
      let isRead = await read(
        RuleOrigin(family, .nft), ["\(tool)-nft-save"] + (plain == .nft ? ["\(tool)-save"] : []),
        into: &rules)
      if !isRead {
        rules.missing.append(
          "\(tool) rules in nf_tables: neither \(tool)-nft-save nor an \(tool)-save for "
            + "nf_tables was found on this node")
      }
    }
    let tables = await legacyTables(family)
    // iptables-legacy-save loads the legacy modules: only where they are in use anyway
    if !tables.isEmpty {
      let isRead = await read(
        RuleOrigin(family, .legacy),
        ["\(tool)-legacy-save"] + (plain == .legacy ? ["\(tool)-save"] : []), into: &rules)
      if !isRead {
        rules.missing.append(
          "legacy \(tool) tables (\(tables.joined(separator: ", "))) are in use, but no "
            + "\(tool)-legacy-save was found on this node")
      }
    }
    return rules
  }

  /// What the unspecific command reads; `nil` without one.
  private func plainBackend(_ tool: String) async -> RuleBackend? {
    guard case .output(let bytes) = await run("\(tool)-save", "-V") else { return nil }
    return String(decoding: bytes, as: UTF8.self).contains("nf_tables") ? .nft : .legacy
  }

  /// The legacy tables that exist in the namespace.
  private func legacyTables(_ family: IPFamily) async -> [String] {
    let file = family == .ipv4 ? "ip_tables_names" : "ip6_tables_names"
    guard case .output(let bytes) = await run("cat", "/proc/net/\(file)") else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .map(String.init)
  }

  /// Runs the first command that exists; false if none does.
  private func read(
    _ origin: RuleOrigin, _ commands: [String], into rules: inout NodeRules
  ) async -> Bool {
    for command in commands {
      switch await run(command, "-c") {
      case .notFound: continue
      case .failed(let why):
        rules.missing.append("\(command): \(why)")
        return true
      case .output(let bytes):
        add(RuleSet(parsing: bytes, origin), command, to: &rules)
        return true
      }
    }
    return false
  }

  private func add(_ set: RuleSet, _ command: String, to rules: inout NodeRules) {
    rules.ruleSets.append(set)
    rules.missing += set.warnings.map { "\(command): \($0)" }
    if let first = set.problems.first {
      rules.missing.append(
        "\(command): \(set.problemCount) lines were not understood, the first is line "
          + "\(first.line): \(first.message)")
    }
    if !set.isComplete { rules.missing.append("\(command): the output is cut off") }
  }
}
