extension NFTRule {
  /// As `nft -a -s list chain` prints it.
  var text: String {
    let parts = statements.map(\.text) + (comment.map { ["comment \"\($0)\""] } ?? [])
    return parts.joined(separator: " ") + " # handle \(handle)"
  }
}

extension NFTVerdict {
  /// `goto web`.
  var text: String {
    switch self {
    case .accept: "accept"
    case .drop: "drop"
    case .continue: "continue"
    case .return: "return"
    case .jump(let chain): "jump \(chain)"
    case .goto(let chain): "goto \(chain)"
    }
  }
}

extension NFTStatement {
  /// As nft prints it, counters without their values.
  var text: String {
    switch self {
    case .match(let op, let left, let right): Self.match(op, left, right)
    case .verdict(let verdict): verdict.text
    case .reject(let type, let code): Self.reject(type, code)
    case .verdictMap(let key, let map): "\(key.text) vmap \(map.text(as: key.datatypes))"
    case .counter: "counter"
    case .namedCounter(let name): "counter name \"\(name)\""
    case .mangle(let key, let value): "\(key.text) set \(value.text(as: key.datatypes))"
    case .nat(let kind, let nat): nat.text(kind)
    case .change(let op, let element, let set): "\(op) @\(set) { \(element.text) }"
    case .other(let name, let json): Self.other(name, json)
    }
  }

  private static func match(
    _ op: String, _ left: NFTExpression, _ right: NFTExpression
  ) -> String {
    let types = left.datatypes
    if op == "==" || op == "!=", case .bits("&", .payload("tcp", "flags"), let mask) = left {
      let value = right.text(as: [.tcpFlags])
      return "tcp flags \(op == "!=" ? "!= " : "")\(value) / \(mask.text(as: [.tcpFlags]))"
    }
    if case .fib(let result, _) = left, result != "type", case .bool(let isThere) = right {
      return "\(left.text) \(isThere ? "exists" : "missing")"
    }
    var shown = op == "==" || op == "in" ? "" : "\(op) "
    if op == "==", case .bits = left { shown = "== " }
    return "\(left.text) \(shown)\(right.text(as: types))"
  }

  private static func reject(_ type: String?, _ code: String?) -> String {
    // what nft adds by itself it does not print
    if type == nil || type != "tcp reset" && code == "port-unreachable" { return "reject" }
    return (["reject with", type] + [code]).compactMap { $0 }.joined(separator: " ")
  }

  private static func other(_ name: String, _ json: JSONValue) -> String {
    let value = json[name] ?? .null
    switch name {
    case "limit":
      let rate = value["rate"]?.number ?? 0
      let unit = value["rate_unit"]?.text.map { " \($0)" } ?? ""
      let over = value["inv"] == .bool(true) ? "over " : ""
      let burst = value["burst"]?.number ?? 5
      let tail = burst == 5 || burst == 0 ? "" : " burst \(burst) packets"
      return "limit rate \(over)\(rate)\(unit)/\(value["per"]?.text ?? "second")\(tail)"
    case "log":
      return (["log"] + (value["prefix"]?.text.map { ["prefix \"\($0)\""] } ?? []))
        .joined(separator: " ")
    case "queue": return "queue" + (value["num"].map { " num \(NFTExpression($0).text)" } ?? "")
    case "quota":
      let over = value["inv"] == .bool(true) ? "over " : ""
      return "quota \(over)\(value["val"]?.number ?? 0) \(value["val_unit"]?.text ?? "bytes")"
    case "ct count":
      return "ct count \(value["inv"] == .bool(true) ? "over " : "")\(value["val"]?.number ?? 0)"
    default: return name
    }
  }
}

extension NFTNAT {
  fileprivate func text(_ kind: String) -> String {
    var words = [kind]
    if let family { words.append(family) }
    let port = port?.text
    switch address {
    case .text(let address)? where address.contains(":") && port != nil:
      words += ["to", "[\(address)]:\(port ?? "")"]
    case let address?: words += ["to", address.text + (port.map { ":\($0)" } ?? "")]
    case nil: if let port { words += ["to", ":\(port)"] }
    }
    let flags = flags.filter { !$0.isEmpty }
    return (words + (flags.isEmpty ? [] : [flags.joined(separator: ",")])).joined(separator: " ")
  }
}
