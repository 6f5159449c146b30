/// Reads nftables' rules with the node's nft.
struct NFTCommand {
  private let path: String?

  init(_ path: String?) { self.path = path }

  /// Adds the tables that the rules of iptables read before do not cover.
  ///
  /// A table at a time: those of iptables-nft can be large, and nft can't tell what is in them.
  func read(into rules: inout NodeRules) async {
    // not as JSON: of a table with flags nft 1.0.6 prints freed memory, or crashes
    switch await run(["list", "tables"]) {
    case .notFound:
      rules.missing.append(
        "nftables rules: nft was not found on this node; what they drop, and Services of a "
          + "kube-proxy in nftables mode, can't be named")
    case .failed(let why): rules.missing.append("nftables rules: nft: \(why)")
    case .output(let bytes): await read(NFTTableName.list(bytes), into: &rules)
    }
  }

  private func run(_ arguments: [String]) async -> NodeCommand.Outcome {
    await NodeCommand(name: "nft", arguments: arguments, netns: path).run()
  }

  private func read(_ tables: [NFTTableName], into rules: inout NodeRules) async {
    var reader = NFTReader()
    for name in tables where !rules.covers(name) && !name.isOurs {
      switch await run(["-j", "list", "table", name.family, name.name]) {
      case .notFound: continue
      case .failed(let why):
        // it may be gone again
        if !why.contains("No such file") {
          rules.missing.append("nftables table \(name): nft: \(why)")
        }
      case .output(let bytes):
        do {
          try reader.read(bytes)
        } catch {
          rules.missing.append(
            "nftables table \(name): what nft printed is not the JSON that was expected")
        }
      }
    }
    var ruleset = reader.ruleset
    ruleset.tables.removeAll { $0.chains.isEmpty || rules.covers($0.name) }
    for i in ruleset.tables.indices {
      // what iptables-save told of runs once only
      for chain in rules.chains(of: ruleset.tables[i].name) {
        ruleset.tables[i].chains[chain]?.hook = nil
      }
    }
    rules.missing.removeAll { line in ruleset.tables.contains { $0.name.isWarnedOf(in: line) } }
    rules.nft = ruleset
  }
}

extension NodeRules {
  /// The chains iptables-save told of in a table.
  fileprivate func chains(of name: NFTTableName) -> [String] {
    let family = name.family == "ip" ? IPFamily.ipv4 : name.family == "ip6" ? .ipv6 : nil
    return ruleSets.filter { $0.origin.backend == .nft && $0.origin.family == family }
      .flatMap { $0.tables.filter { $0.name == name.name } }.flatMap(\.order)
  }

  /// Whether iptables-save told all of this table.
  fileprivate func covers(_ name: NFTTableName) -> Bool {
    !chains(of: name).isEmpty && !missing.contains { name.isWarnedOf(in: $0) }
  }
}

extension NFTTableName {
  /// Those of IP packets in what `nft list tables` printed.
  package static func list(_ bytes: [UInt8]) -> [NFTTableName] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 3, words[0] == "table", NFTReader.families.contains(String(words[1]))
      else { return nil }
      return NFTTableName(family: String(words[1]), name: String(words[2]))
    }
  }

  /// A tracer's own, which decides nothing.
  fileprivate var isOurs: Bool { family == "inet" && name.hasPrefix("kflowtrace-") }

  /// Whether a line is iptables-nft-save's about a table that is not, or not all, its own.
  fileprivate func isWarnedOf(in line: String) -> Bool {
    line.hasPrefix(family == "ip6" ? "ip6tables" : "iptables") && family != "inet"
      && line.contains("able `\(name)' ") && line.contains("use 'nft' tool")
  }
}
