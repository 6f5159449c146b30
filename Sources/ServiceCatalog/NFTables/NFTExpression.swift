/// What a packet is asked for, or what it is compared with, in a rule of nftables.
indirect enum NFTExpression: Hashable, Sendable {
  /// A field of a header: `tcp dport` is `("tcp", "dport")`.
  case payload(String, String)
  /// `meta mark`, without `meta`.
  case meta(String)
  /// `ct original ip saddr` is `("ip saddr", "original")`.
  case ct(String, direction: String?)
  case fib(result: String, flags: [String])
  case numgen(mode: String, mod: Int64, offset: Int64)
  case concat([NFTExpression])
  /// Two operands of `&`, `|`, `^`, `<<` or `>>`.
  case bits(String, NFTExpression, NFTExpression)
  case number(Int64)
  case bool(Bool)
  /// An address, a name or a symbol.
  case text(String)
  case prefix(NFTExpression, length: Int)
  case range(NFTExpression, NFTExpression)
  /// Several bits at once, as in `established,related`.
  case list([NFTExpression])
  /// An anonymous set.
  case set([NFTElement])
  /// A named set, without `@`.
  case reference(String)
  /// A value looked up by a key.
  case map(NFTExpression, NFTExpression)
  /// Any other, by its name.
  case other(String, JSONValue)
}

/// An element of a set or map.
struct NFTElement: Hashable, Sendable {
  var key: NFTExpression
  /// What a map has for it.
  var verdict: NFTVerdict?
  var value: NFTExpression?
  var comment: String?
  /// A limit or the like goes with it: the lookup may fail although the key is there.
  var isConditional = false
}

/// What a rule or a map's element says is to become of a packet.
enum NFTVerdict: Hashable, Sendable {
  case accept
  case drop
  case `continue`
  case `return`
  case jump(String)
  case goto(String)
}

extension NFTExpression {
  /// Reads an expression; whatever is not known becomes `other`.
  init(_ json: JSONValue) {
    switch json {
    case .number(let number): self = .number(number)
    case .bool(let bool): self = .bool(bool)
    case .null: self = .other("null", json)
    case .text(let text):
      self = text.hasPrefix("@") ? .reference(String(text.dropFirst())) : .text(text)
    case .array(let values): self = .list(values.map(NFTExpression.init))
    case .object:
      guard let (name, value) = json.only, let known = Self(name, value) else {
        self = .other(json.object?.keys.sorted().first ?? "", json)
        return
      }
      self = known
    }
  }

  private init?(_ name: String, _ value: JSONValue) {
    switch name {
    case "payload":
      guard let proto = value["protocol"]?.text, let field = value["field"]?.text else {
        return nil
      }
      self = .payload(proto, field)
    case "meta":
      guard let key = value["key"]?.text else { return nil }
      self = .meta(key)
    case "ct":
      guard let key = value["key"]?.text else { return nil }
      self = .ct(key, direction: value["dir"]?.text)
    case "fib":
      guard let result = value["result"]?.text else { return nil }
      let flags = value["flags"].map { $0.array?.compactMap(\.text) ?? [$0.text ?? ""] }
      self = .fib(result: result, flags: flags ?? [])
    case "numgen":
      guard let mode = value["mode"]?.text, let mod = value["mod"]?.number else { return nil }
      self = .numgen(mode: mode, mod: mod, offset: value["offset"]?.number ?? 0)
    case "concat":
      guard let parts = value.array else { return nil }
      self = .concat(parts.map(NFTExpression.init))
    case "&", "|", "^", "<<", ">>":
      guard let operands = value.array?.map(NFTExpression.init), operands.count >= 2 else {
        return nil
      }
      self = operands.dropFirst(2).reduce(.bits(name, operands[0], operands[1])) {
        .bits(name, $0, $1)
      }
    case "prefix":
      guard let address = value["addr"], let length = value["len"]?.number else { return nil }
      self = .prefix(NFTExpression(address), length: Int(length))
    case "range":
      guard let ends = value.array, ends.count == 2 else { return nil }
      self = .range(NFTExpression(ends[0]), NFTExpression(ends[1]))
    case "set":
      self = .set((value.array ?? [value]).map(NFTElement.init))
    case "elem":
      guard let inner = value["val"] else { return nil }
      self = NFTExpression(inner)
    case "map":
      guard let key = value["key"], let data = value["data"] else { return nil }
      self = .map(NFTExpression(key), NFTExpression(data))
    default: return nil
    }
  }
}

extension NFTElement {
  private static let harmless: Set<String> = ["val", "comment", "timeout", "expires", "counter"]

  /// Reads an element of a set, or a key and its value of a map.
  init(_ json: JSONValue) {
    guard let pair = json.array, pair.count == 2 else {
      self.init(json, data: nil)
      return
    }
    self.init(pair[0], data: pair[1])
  }

  private init(_ key: JSONValue, data: JSONValue?) {
    self.key = NFTExpression(key)
    if let element = key["elem"] {
      comment = element["comment"]?.text
      isConditional = element.object.map { !Self.harmless.isSuperset(of: $0.keys) } ?? false
    }
    verdict = data.flatMap(NFTVerdict.init)
    value = verdict == nil ? data.map(NFTExpression.init) : nil
  }
}

extension NFTVerdict {
  /// `{"drop": null}`, `{"jump": {"target": …}}`; `nil` if it is none.
  init?(_ json: JSONValue) {
    guard let (name, value) = json.only else { return nil }
    switch name {
    case "accept": self = .accept
    case "drop": self = .drop
    case "continue": self = .continue
    case "return": self = .return
    case "jump", "goto":
      guard let target = value["target"]?.text else { return nil }
      self = name == "jump" ? .jump(target) : .goto(target)
    default: return nil
    }
  }
}
