internal import FlowModel

/// How explanations put things.
extension Case {
  /// `4 SYN packets`.
  func count(_ way: Transmission) -> String {
    let packets = way.repeats + 1
    let kind = way.first.map { $0.tuple.proto == .tcp ? "\($0.tcpFlags) " : "" } ?? ""
    return "\(packets) \(kind)packet\(packets == 1 ? "" : "s")"
  }

  /// `node1 FORWARD`.
  func placeText(_ hop: Hop) -> String {
    [name(hop.event.netns), hop.netfilterHook?.description].compactMap { $0 }
      .joined(separator: " ")
  }

  /// A namespace's name.
  func name(_ netns: UInt32) -> String { node.namespaceName(netns) }

  /// The device a packet was to leave by, else the one it was on.
  func device(_ event: Event) -> String {
    node.interfaceName(index(event), in: event.netns)
  }

  func index(_ event: Event) -> UInt32 {
    event.outInterface == 0 ? event.interface : event.outInterface
  }

  /// A command line that works where the reader is: in the namespace it is about.
  func run(_ command: String, in netns: UInt32) -> String {
    let name = node.namespaceName(netns)
    if name.hasPrefix("pid ") {
      return "nsenter -n -t \(String(name.dropFirst(4)).shellWord) \(command)"
    }
    let isHere = name == "host" || name == "self" || name.hasPrefix("netns ")
    return isHere ? command : "ip netns exec \(name.shellWord) \(command)"
  }

  /// The command that shows a rule with its counters.
  func listCommand(_ rule: RuleFinding, _ event: Event, ipv6: Bool) -> String {
    let chain = rule.chain.shellWord
    // of nftables' family and name
    let table = rule.table.split(separator: " ", maxSplits: 1).map { String($0).shellWord }
      .joined(separator: " ")
    if rule.backend == "nftables" {
      return run("nft -a list chain \(table) \(chain)", in: event.netns)
    }
    let tool = (ipv6 ? "ip6tables" : "iptables") + (rule.backend == "legacy" ? "-legacy" : "")
    return run("\(tool) -t \(table) -L \(chain) -nv --line-numbers", in: event.netns)
  }
}

extension String {
  /// One word of a shell's command line: what people copy must not run what a device or a chain is
  /// called.
  var shellWord: String {
    let isPlain = utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "+")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "@"):
        true
      default: false
      }
    }
    return isPlain && !isEmpty ? self : "'\(replacing("'", with: "'\\''"))'"
  }
}

extension NetworkState.Route {
  /// `10.244.2.0/24 via 10.244.2.0`, as `ip route` puts it.
  var text: String {
    let target = length == 0 ? "default" : "\(network)/\(length)"
    return (kind == "unicast" ? "" : "\(kind) ") + target + (gateway.map { " via \($0)" } ?? "")
  }
}
