internal import CNode
internal import Glibc

/// Reads nftables' rules with the node's nft.
enum NFTCommand {
  /// Adds those of `tables` that the rules of iptables read before do not cover.
  ///
  /// A table at a time: those of iptables-nft can be large, and nft can't tell what is in them.
  static func read(_ tables: [NFTTableName], into rules: inout NodeRules) {
    var reader = NFTReader()
    for name in tables where !rules.covers(name) && !name.isOurs {
      let words = ["-j", "list", "table", name.family, name.name]
      switch NodeCommand(name: "nft", arguments: words).run() {
      case .notFound:
        rules.missing.append(
          "nftables rules: nft was not found on this node; what they drop, and Services of a "
            + "kube-proxy in nftables mode, can't be named")
        return
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
  /// Those of IP packets in the namespace of the thread; an error tells why there may be more.
  ///
  /// Not by nft, which takes as long as any process to start: most pods have none.
  static func ofNamespace() -> (tables: [NFTTableName], error: String?) {
    final class Box { var tables: [NFTTableName] = [] }
    let box = Box()
    let result = unsafe kft_nft_tables(Unmanaged.passUnretained(box).toOpaque()) {
      context, _, bytes, count in
      guard let context = unsafe context else { return }
      let raw = unsafe UnsafeRawBufferPointer(start: bytes, count: Int(count))
      guard let table = unsafe NFTTableName(message: raw) else { return }
      unsafe Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().tables.append(table)
    }
    return (box.tables, result == 0 ? nil : unsafe String(cString: strerror(-result)))
  }

  /// From what follows the header of NFT_MSG_NEWTABLE: `struct nfgenmsg`, attributes.
  package init?(message: UnsafeRawBufferPointer) {
    guard let number = unsafe message.first, let family = Self.families[Int32(number)] else {
      return nil
    }
    var at = MemoryLayout<nfgenmsg>.size
    while at + 4 <= message.count {
      let length = Int(unsafe message.loadUnaligned(fromByteOffset: at, as: UInt16.self))
      let type = unsafe message.loadUnaligned(fromByteOffset: at + 2, as: UInt16.self)
      guard length >= 4, at + length <= message.count else { return nil }
      if Int32(type) == Int32(NFTA_TABLE_NAME.rawValue) {
        let text = unsafe Array(message[at + 4..<at + length].prefix { $0 != 0 })
        self.init(family: family, name: String(decoding: text, as: UTF8.self))
        return
      }
      at += (length + 3) & ~3
    }
    return nil
  }

  /// By the numbers of include/uapi/linux/netfilter.h.
  private static let families: [Int32: String] = [1: "inet", 2: "ip", 10: "ip6"]

  /// Whether iptables may have made it.
  func isOfIPTables(_ version: IPFamily) -> Bool {
    family == (version == .ipv4 ? "ip" : "ip6")
      && ["raw", "mangle", "nat", "filter", "security"].contains(name)
  }

  /// A tracer's own, which decides nothing.
  fileprivate var isOurs: Bool { family == "inet" && name.hasPrefix("kflowtrace-") }

  /// Whether a line is iptables-nft-save's about a table that is not, or not all, its own.
  fileprivate func isWarnedOf(in line: String) -> Bool {
    line.hasPrefix(family == "ip6" ? "ip6tables" : "iptables") && family != "inet"
      && line.contains("able `\(name)' ") && line.contains("use 'nft' tool")
  }
}
