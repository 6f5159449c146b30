internal import FlowModel

extension Cause {
  /// A checksum that is wrong on arrival: computed wrong, or the packet was changed behind it.
  static let checksumError = Cause("checksum-error") { given in
    let wrong = given.drops.filter { ChecksumWords(reason: $0.reason) != nil }
    guard let drop = wrong.first, let words = ChecksumWords(reason: drop.reason) else { return nil }
    let count = wrong.reduce(0) { $0 + 1 + $1.way.repeats }
    let all = given.flow.packets.original + given.flow.packets.reply
    // one in a hundred is a bad cable, and TCP makes it good
    guard !given.flow.isSettled || count * 100 > all * 2 else { return nil }
    let event = drop.event
    let place = given.name(event.netns)
    let device = given.node.interfaceName(event.interface, in: event.netns)
    let packet = drop.tunnel?.outer ?? event.tuple
    let isIPv4 = packet.source.address.isIPv4
    let counter = words.counter(isIPv4: isIPv4)
    let value = given.node.statistic(counter.group, counter.name, in: event.netns)
    var evidence = [
      "\(given.count(drop.way)) came in by \(device) of \(place) as \(packet)"
        + (drop.tunnel.map { ", VNI \($0.vni)" } ?? "") + " and died there: \(drop.reason) in "
        + "\(drop.place ?? "?")",
      "\(counter.group)\(counter.name) of \(place): \(value.map(String.init) ?? "not readable")",
    ]
    if drop.tunnel != nil { evidence.append("inside it: \(event.tuple)") }
    let sender = given.sender(of: drop)
    if let sender {
      evidence.append("\(given.name(sender.netns)) had sent it by \(sender.device)")
    }
    let from = sender.map { given.name($0.netns) } ?? "\(packet.source.address)"
    let features =
      "tx-checksum-ip-generic off" + (drop.tunnel == nil ? "" : " tx-udp_tnl-csum-segmentation off")
    let switchOff = "ethtool -K \(sender?.device ?? "DEVICE") \(features)"
    return Explanation(
      cause: "checksum-error", layer: .podNetwork, certainty: .certain,
      why: "\(words.what) of \(drop.tunnel == nil ? "packets" : "the tunnel's packets") from "
        + "\(packet.source.address) is wrong when they arrive on \(place), which discards them",
      evidence: evidence,
      check: [
        given.run(
          "tcpdump -ni \(device.shellWord) -vv host \(packet.source.address)", in: event.netns)
          + "   (bad cksum)",
        given.run("nstat -az \(counter.group)\(counter.name)", in: event.netns),
        sender.map { given.run("ethtool -k \($0.device.shellWord)", in: $0.netns) }
          ?? "ethtool -k DEVICE",
      ],
      fix: "on \(from): \(sender.map { given.run(switchOff, in: $0.netns) } ?? switchOff); if that "
        + "helps, its device computes checksums wrong: update driver and firmware; else something "
        + "on the way changes packets")
  }
}

/// A wrong checksum, by the kernel's reason.
private struct ChecksumWords {
  let what: String
  private let group: String

  init?(reason: String) {
    switch reason {
    case "UDP_CSUM": (what, group) = ("the UDP checksum", "Udp")
    case "TCP_CSUM": (what, group) = ("the TCP checksum", "Tcp")
    case "ICMP_CSUM": (what, group) = ("the ICMP checksum", "Icmp")
    case "IP_CSUM": (what, group) = ("the IP header's checksum", "IpExt")
    default: return nil
    }
  }

  /// The counter of /proc/net/snmp, netstat or snmp6 that grows with it.
  func counter(isIPv4: Bool) -> (group: String, name: String) {
    // TCP counts both in one
    (isIPv4 || group == "Tcp" ? group : "\(group)6", "InCsumErrors")
  }
}

extension Case {
  /// Where a packet that was dropped was sent last, if that was seen.
  fileprivate func sender(of drop: Drop) -> (netns: UInt32, device: String)? {
    let hop = drop.way.hops.last { $0.action == .sent && $0.event.netns != drop.event.netns }
    return hop.map { hop in
      let event = hop.event
      let device = event.hook == .tcEgress ? event.interface : index(event)
      return (event.netns, node.interfaceName(device, in: event.netns))
    }
  }
}
