import FlowModel
import KernelTracing

/// `IP[:PORT][/PROTO]`, IPv6 in brackets if a port follows.
struct AddressTarget: Hashable {
  var address: Address
  var port: UInt16?
  var proto: IPProtocol?

  /// Throws a line that names the option and the part that is wrong.
  init(_ whole: some StringProtocol, option: String) throws(TracingError) {
    func wrong(_ what: String) -> TracingError {
      TracingError(.usage, "\(option) \(whole): \(what)")
    }
    func number(_ text: Substring) throws(TracingError) -> UInt16 {
      guard let port = UInt16(text), port > 0 else {
        throw wrong("\"\(text)\" is no port; ports are 1 to 65535")
      }
      return port
    }
    var text = Substring(whole)
    if let slash = text.lastIndex(of: "/") {
      let name = text[text.index(after: slash)...]
      guard let proto = IPProtocol(name: name) else {
        throw wrong("\"\(name)\" is no protocol; use tcp, udp, sctp, icmp, icmpv6 or a number")
      }
      self.proto = proto
      text = text[..<slash]
    }
    if let plain = Address(text) {
      address = plain
      return
    }
    var host = text
    if text.first == "[", let close = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<close]
      let rest = text[text.index(after: close)...]
      if rest.first == ":" { port = try number(rest.dropFirst()) }
    } else if let colon = text.lastIndex(of: ":") {
      host = text[..<colon]
      if Address(host) != nil { port = try number(text[text.index(after: colon)...]) }
    }
    guard let address = Address(host) else {
      throw wrong(
        "\"\(host)\" is no IP address; write 10.96.0.50, 10.96.0.50:80, 10.96.0.50:53/udp or "
          + "[fd00::1]:80")
    }
    self.address = address
  }

  /// The side of a packet it selects.
  var side: MatchSet.Side { MatchSet.Side(address: address, port: port, proto: proto) }
}

/// What `--svc` names: an address, or a Service by its name.
enum ServiceTarget: Hashable {
  case address(AddressTarget)
  case name(namespace: String?, name: String)

  init(_ text: String) throws(TracingError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let looksLikeName = (1...2).contains(parts.count) && parts.allSatisfy(Self.isName)
    if looksLikeName {
      self = .name(
        namespace: parts.count == 2 ? String(parts[0]) : nil, name: String(parts[parts.count - 1]))
    } else {
      self = .address(try AddressTarget(text, option: "--svc"))
    }
  }

  /// An RFC 1123 label with a letter at its beginning (an address has a digit or a colon).
  private static func isName(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 63 else {
      return false
    }
    return Address(text) == nil
      && text.utf8.allSatisfy { byte in
        (97...122).contains(byte) || (48...57).contains(byte) || byte == 45
      }
  }
}

extension MatchSet {
  /// Adds `--flow SRC[:PORT],DST[:PORT]`.
  mutating func add(flow text: String) throws(TracingError) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw TracingError(
        .usage, "--flow \(text): write SRC[:PORT],DST[:PORT], as in 10.244.1.5,10.244.2.8:8080")
    }
    let source = try AddressTarget(parts[0], option: "--flow")
    let destination = try AddressTarget(parts[1], option: "--flow")
    pairs.append((source.side, destination.side))
  }
}

extension Int {
  /// Bytes: `8388608`, `8M`, `512K`.
  init(bytes text: String, option: String) throws(TracingError) {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = text.uppercased().last.flatMap { units[$0] }
    guard let number = Int(unit == nil ? text[...] : text.dropLast()), number > 0,
      number <= Int.max / (unit ?? 1)
    else { throw TracingError(.usage, "\(option) \(text): write a size such as 8M or 65536") }
    self = number * (unit ?? 1)
  }
}

extension UInt64 {
  /// Nanoseconds from `30`, `30s`, `5m`, `1h` or `0.5`.
  init(duration text: String, option: String) throws(TracingError) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let unit = text.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? text[...] : text.dropLast()), number > 0,
      number * (unit ?? 1) < 1e9
    else { throw TracingError(.usage, "\(option) \(text): write a time such as 30, 30s, 5m or 1h") }
    self = UInt64(number * (unit ?? 1) * 1e9)
  }
}

extension IPProtocol {
  /// `--proto`.
  init(option text: String) throws(TracingError) {
    guard let known = IPProtocol(name: text) else {
      throw TracingError(
        .usage, "--proto \(text): use tcp, udp, sctp, icmp, icmpv6 or a number from 1 to 255")
    }
    self = known
  }
}

extension NetworkNamespace {
  /// `--netns`, each once.
  static func list(_ names: [String]) throws(TracingError) -> [NetworkNamespace] {
    var result: [NetworkNamespace] = []
    for name in names {
      for namespace in name == "all" ? try all() : [try named(name)]
      where !result.contains(where: { $0.inode == namespace.inode }) {
        result.append(namespace)
      }
    }
    return result
  }
}
