/// One part of a rule of nftables; all of them run in order until one does not match.
enum NFTStatement: Hashable, Sendable {
  /// `==`, `!=`, `in` (any of these bits), `<`, ….
  case match(String, NFTExpression, NFTExpression)
  case verdict(NFTVerdict)
  /// The kind of answer and its code.
  case reject(type: String?, code: String?)
  /// A verdict looked up by a key.
  case verdictMap(NFTExpression, NFTExpression)
  case counter(RuleCounters?)
  case namedCounter(String)
  /// Sets a field of the packet or of its metadata.
  case mangle(NFTExpression, NFTExpression)
  /// `dnat`, `snat`, `masquerade` or `redirect`.
  case nat(String, NFTNAT)
  /// Adds to or removes from a set: `add`, `update`, `delete`.
  case change(String, NFTExpression, set: String)
  case other(String, JSONValue)
}

/// Where NAT sends a packet.
struct NFTNAT: Hashable, Sendable {
  /// `ip` or `ip6`, where the table leaves it open.
  var family: String?
  var address: NFTExpression?
  var port: NFTExpression?
  var flags: [String]
}

extension NFTStatement {
  /// Reads a statement; whatever is not known becomes `other`.
  init(_ json: JSONValue) {
    guard let (name, value) = json.only, let known = Self(name, value, json) else {
      self = .other(json.object?.keys.sorted().first ?? "", json)
      return
    }
    self = known
  }

  private init?(_ name: String, _ value: JSONValue, _ json: JSONValue) {
    switch name {
    case "match":
      guard let left = value["left"], let right = value["right"] else { return nil }
      self = .match(value["op"]?.text ?? "==", NFTExpression(left), NFTExpression(right))
    case "vmap":
      guard let key = value["key"], let data = value["data"] else { return nil }
      self = .verdictMap(NFTExpression(key), NFTExpression(data))
    case "reject":
      self = .reject(type: value["type"]?.text, code: value["expr"]?.text)
    case "counter":
      if let name = value.text ?? value["name"]?.text {
        self = .namedCounter(name)
        return
      }
      var counters: RuleCounters?
      if let packets = value["packets"]?.number, let bytes = value["bytes"]?.number {
        counters = RuleCounters(packets: UInt64(max(packets, 0)), bytes: UInt64(max(bytes, 0)))
      }
      self = .counter(counters)
    case "mangle":
      guard let key = value["key"], let new = value["value"] else { return nil }
      self = .mangle(NFTExpression(key), NFTExpression(new))
    case "dnat", "snat", "masquerade", "redirect":
      self = .nat(
        name,
        NFTNAT(
          family: value["family"]?.text, address: value["addr"].map(NFTExpression.init),
          port: value["port"].map(NFTExpression.init),
          flags: value["flags"].map { $0.array?.compactMap(\.text) ?? [$0.text ?? ""] } ?? []))
    case "set", "map":
      guard let set = value["set"]?.text ?? value["map"]?.text, let element = value["elem"] else {
        return nil
      }
      // a limit in it may be exceeded
      if let with = value["stmt"]?.array, with.contains(where: { $0["counter"] == nil }) {
        return nil
      }
      self = .change(
        value["op"]?.text ?? "add", NFTExpression(element), set: String(set.drop { $0 == "@" }))
    default:
      guard let verdict = NFTVerdict(json) else { return nil }
      self = .verdict(verdict)
    }
  }
}
