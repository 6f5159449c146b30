/// Reads what `nft -j list …` prints.
struct NFTReader {
  private(set) var ruleset = NFTRuleset()
  private var places: [NFTTableName: Int] = [:]

  /// Families whose chains see IP packets at the hooks of IP.
  static let families: Set<String> = ["ip", "ip6", "inet"]

  /// Adds the objects of a document. Throws if it is no JSON; what is not known in it is left out.
  mutating func read(_ bytes: [UInt8]) throws {
    let document = try JSONValue(parsing: bytes)
    guard let objects = document["nftables"]?.array else { throw Failure.isForeign }
    for object in objects {
      guard let (kind, value) = object.only else { continue }
      switch kind {
      case "table": _ = place(value, name: "name")
      case "chain": readChain(value)
      case "rule": readRule(value)
      case "set", "map": readSet(value)
      default: continue
      }
    }
    markChangedSets()
  }

  /// JSON, but none of nft's.
  enum Failure: Error { case isForeign }

  /// The place of an object's table; `nil` if that is of no interest.
  private mutating func place(_ value: JSONValue, name: String) -> Int? {
    guard let family = value["family"]?.text, Self.families.contains(family),
      let table = value[name]?.text
    else { return nil }
    let key = NFTTableName(family: family, name: table)
    if let known = places[key] { return known }
    places[key] = ruleset.tables.count
    ruleset.tables.append(NFTTable(name: key))
    return ruleset.tables.count - 1
  }

  private mutating func readChain(_ value: JSONValue) {
    guard let at = place(value, name: "table"), let name = value["name"]?.text else { return }
    var chain = NFTChain(name: name)
    if let hook = value["hook"]?.text {
      chain.hook = NFTHook(
        type: value["type"]?.text ?? "filter", hook: hook,
        priority: Int(value["prio"]?.number ?? 0), isDropping: value["policy"]?.text == "drop")
    }
    if ruleset.tables[at].chains.updateValue(chain, forKey: name) == nil {
      ruleset.tables[at].order.append(name)
    }
  }

  private mutating func readRule(_ value: JSONValue) {
    guard let at = place(value, name: "table"), let chain = value["chain"]?.text else { return }
    let rule = NFTRule(
      handle: value["handle"]?.number ?? 0, comment: value["comment"]?.text,
      statements: (value["expr"]?.array ?? []).map(NFTStatement.init))
    ruleset.tables[at].chains[chain]?.rules.append(rule)
  }

  private mutating func readSet(_ value: JSONValue) {
    guard let at = place(value, name: "table"), let name = value["name"]?.text else { return }
    let types = (value["type"]?.array ?? value["type"].map { [$0] } ?? []).map {
      $0.text.map { NFTDatatype(declared: $0) } ?? .unknown
    }
    let flags = value["flags"].map { $0.array?.compactMap(\.text) ?? [$0.text ?? ""] } ?? []
    ruleset.tables[at].sets[name] = NFTSet(
      name: name, types: types, comment: value["comment"]?.text, timeout: value["timeout"]?.number,
      isDynamic: flags.contains("dynamic") || flags.contains("timeout"),
      elements: (value["elem"]?.array ?? []).map(NFTElement.init))
  }

  /// Not every nft prints the flag `dynamic`: rules that change a set tell.
  private mutating func markChangedSets() {
    for at in ruleset.tables.indices {
      for chain in ruleset.tables[at].chains.values {
        for case .change(_, _, let set) in chain.rules.flatMap(\.statements) {
          ruleset.tables[at].sets[set]?.isDynamic = true
        }
      }
    }
  }
}
