internal import Glibc

/// Reads the rules of the network namespace that the thread is in, by what changes nothing there.
struct NodeRulesReader {
  private var rules = NodeRules()
  private let tables: [NFTTableName]

  /// Both IP versions and both back ends of iptables, then nftables and IPVS.
  static func read() -> NodeRules {
    var reader = NodeRulesReader()
    reader.readIPTables()
    NFTCommand.read(reader.tables, into: &reader.rules)
    reader.readIPVS()
    return reader.rules
  }

  private init() {
    guard Self.hasNFTables else {
      tables = []
      return
    }
    let listed = NFTTableName.ofNamespace()
    tables = listed.tables
    if let error = listed.error { rules.missing.append("nftables rules: \(error)") }
  }

  /// The file is there once ip_vs is loaded.
  private mutating func readIPVS() {
    guard let bytes = [UInt8](contentsOf: "/proc/thread-self/net/ip_vs") else { return }
    rules.ipvs = IPVSTable(parsing: String(decoding: bytes, as: UTF8.self))
    if let problem = rules.ipvs.problem {
      rules.missing.append(
        "/proc/net/ip_vs: \(rules.ipvs.problemCount) lines were not understood, the first is "
          + "\(problem)")
    }
  }

  /// Whether nf_tables is in the kernel by now: asking it for tables would load the module.
  private static var hasNFTables: Bool {
    // without a list of modules the kernel has none to load
    guard let modules = [UInt8](contentsOf: "/proc/modules") else { return true }
    let lines = modules.split(separator: UInt8(ascii: "\n"))
    if lines.contains(where: { $0.starts(with: "nf_tables ".utf8) }) { return true }
    let grep = NodeCommand(name: "grep", arguments: ["-qm1", " nft_do_chain$", "/proc/kallsyms"])
    if case .output = grep.run() { return true }
    return false
  }

  // MARK: - iptables

  /// What is to be read of one IP version in one back end.
  private struct Part {
    var origin: RuleOrigin
    /// The command that prints it, if there is one.
    var command: String?
    /// What is told if there is none.
    var lack: String
  }

  private mutating func readIPTables() {
    let parts = [IPFamily.ipv4, .ipv6].flatMap(parts)
    // side by side: each takes its time to load what it knows of matches
    let running = parts.map { part in
      part.command.map { NodeCommand(name: $0, arguments: ["-c"]).start() }
    }
    for (part, running) in zip(parts, running) {
      guard let command = part.command, let running else {
        rules.missing.append(part.lack)
        continue
      }
      switch running.finish() {
      case .notFound: rules.missing.append(part.lack)
      case .failed(let why): rules.missing.append("\(command): \(why)")
      case .output(let bytes): add(RuleSet(parsing: bytes, part.origin), command)
      }
    }
  }

  private func parts(_ family: IPFamily) -> [Part] {
    let tool = family == .ipv4 ? "iptables" : "ip6tables"
    var parts: [Part] = []
    if tables.contains(where: { $0.isOfIPTables(family) }) {
      parts.append(
        Part(
          origin: RuleOrigin(family, .nft), command: command(tool, .nft),
          lack: "\(tool) rules in nf_tables: neither \(tool)-nft-save nor an \(tool)-save for "
            + "nf_tables was found on this node"))
    }
    // iptables-legacy-save loads the legacy modules: only where they are in use anyway
    let legacy = legacyTables(family)
    if !legacy.isEmpty {
      parts.append(
        Part(
          origin: RuleOrigin(family, .legacy), command: command(tool, .legacy),
          lack: "legacy \(tool) tables (\(legacy.joined(separator: ", "))) are in use, but no "
            + "\(tool)-legacy-save was found on this node"))
    }
    return parts
  }

  /// The command that prints a back end's rules: its own, or the plain one if that is the same.
  private func command(_ tool: String, _ backend: RuleBackend) -> String? {
    let own = "\(tool)-\(backend == .nft ? "nft" : "legacy")-save"
    if NodeCommand(name: own).exists { return own }
    let plain = "\(tool)-save"
    guard case .output(let bytes) = NodeCommand(name: plain, arguments: ["-V"]).run() else {
      return nil
    }
    let isNFT = String(decoding: bytes, as: UTF8.self).contains("nf_tables")
    return isNFT == (backend == .nft) ? plain : nil
  }

  /// The legacy tables that exist in the namespace.
  private func legacyTables(_ family: IPFamily) -> [String] {
    let file = family == .ipv4 ? "ip_tables_names" : "ip6_tables_names"
    let bytes = [UInt8](contentsOf: "/proc/thread-self/net/\(file)") ?? []
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .map(String.init)
  }

  private mutating func add(_ set: RuleSet, _ command: String) {
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

extension [UInt8] {
  /// A whole file; `nil` if it can't be read.
  fileprivate init?(contentsOf path: String) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    self = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while true {
      let n = unsafe read(file, &chunk, chunk.count)
      if n < 0, errno == EINTR { continue }
      guard n >= 0 else { return nil }
      if n == 0 { return }
      self += chunk[..<n]
    }
  }
}
