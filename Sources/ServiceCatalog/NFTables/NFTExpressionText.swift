extension NFTExpression {
  /// The keys nft prints without `meta`.
  private static let plainKeys: Set<String> = [
    "iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup",
  ]

  /// As nft prints what a packet is asked for.
  var text: String {
    switch self {
    case .payload(let header, let field): "\(header) \(field)"
    case .meta(let key): Self.plainKeys.contains(key) ? key : "meta \(key)"
    case .ct(let key, let direction): "ct \(direction.map { "\($0) " } ?? "")\(key)"
    case .fib(let result, let flags): "fib \(flags.joined(separator: " . ")) \(result)"
    case .numgen(let mode, let mod, let offset):
      "numgen \(mode) mod \(mod)" + (offset == 0 ? "" : " offset \(offset)")
    case .concat(let parts): parts.map(\.text).joined(separator: " . ")
    case .bits(let op, let left, let right):
      "\(left.text) \(op) \(right.text(as: left.datatypes))"
    case .map(let key, let data): "\(key.text) map \(data.text(as: key.datatypes))"
    case .reference(let name): "@\(name)"
    case .other("jhash", let json): Self.hash("jhash", json)
    case .other("elem", let json):
      NFTExpression(json["elem"]?["val"] ?? .null).text
        + (json["elem"]?["timeout"]?.number.map { " timeout \($0)s" } ?? "")
    case .other(let name, _): name
    default: text(as: [.unknown])
    }
  }

  private static func hash(_ name: String, _ json: JSONValue) -> String {
    let key = json[name]?["expr"].map { NFTExpression($0).text } ?? ""
    return "\(name) \(key) mod \(json[name]?["mod"]?.number ?? 0)"
  }

  /// As nft prints a value of these kinds.
  func text(as types: [NFTDatatype]) -> String {
    let type = types.first ?? .unknown
    switch self {
    case .number(let number) where type == .mark:
      let digits = String(number, radix: 16)
      return "0x" + String(repeating: "0", count: max(8 - digits.count, 0)) + digits
    case .number(let number): return "\(number)"
    case .bool(let bool): return bool ? "1" : "0"
    case .text(let text): return type == .name ? "\"\(text)\"" : text
    case .prefix(let base, let length): return "\(base.text(as: types))/\(length)"
    case .range(let low, let high): return "\(low.text(as: types))-\(high.text(as: types))"
    case .list(let parts):
      return parts.map { $0.text(as: types) }.joined(separator: ",")
    case .concat(let parts):
      return zip(parts, types.count == parts.count ? types : parts.map { _ in .unknown })
        .map { $0.text(as: [$1]) }.joined(separator: " . ")
    case .set(let elements):
      return "{ \(elements.map { $0.text(as: types) }.joined(separator: ", ")) }"
    default: return text
    }
  }
}

extension NFTElement {
  fileprivate func text(as types: [NFTDatatype]) -> String {
    let note = comment.map { " comment \"\($0)\"" } ?? ""
    let data = verdict.map { " : \($0.text)" } ?? value.map { " : \($0.text)" } ?? ""
    return key.text(as: types) + note + data
  }
}
