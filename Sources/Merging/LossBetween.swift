internal import Diagnosis
internal import FlowModel
internal import Recording

/// Packets that one node sent to another, and that the other, which was watching, never saw.
struct LossBetween {
  private let flow: Flow
  private let names: MergedNames
  private let from: Int
  private let to: Int
  private let last: Hop
  private let lost: Int
  private let sent: Int

  /// `nil` if none was, or if it can't be said: the other node was not recorded then.
  init?(
    _ flow: Flow, _ nodes: [Merger.Node], _ names: MergedNames, _ addresses: [Address: Int]
  ) {
    self.flow = flow
    self.names = names
    var found: (from: Int, to: Int, last: Hop)?
    var lost = 0
    var sent = 0
    for way in flow.transmissions where !way.isICMPError {
      guard let end = way.hops.last(where: { !$0.isDetail }) else { continue }
      let seen = Set(way.hops.map { names.node(of: $0.event.netns) })
      let count = way.repeats + 1
      if seen.count > 1 { sent += count }
      guard seen.count == 1, end.action == .sent, way.drop == nil else { continue }
      let from = names.node(of: end.event.netns)
      var target: Int?
      if case .tunnel(let outer, _) = end.event.carrier {
        target = addresses[outer.destination.address]
      }
      // of two nodes it is the other one
      if target == nil, nodes.count == 2 { target = 1 - from }
      guard let to = target, to != from, nodes[to].covers(end.event.time, to, names) else {
        continue
      }
      lost += count
      sent += count
      if found == nil { found = (from, to, end) }
    }
    guard let found else { return nil }
    from = found.from
    to = found.to
    last = found.last
    self.lost = lost
    self.sent = sent
  }

  var explanation: Explanation {
    let sender = names.labels[from]
    let receiver = names.labels[to]
    let device = names.interfaceName(last.event.interface, in: last.event.netns)
    var what = "\(flow.proto) from \(last.event.tuple.source) to \(last.event.tuple.destination)"
    var filter = "host \(last.event.tuple.destination.address)"
    if case .tunnel(let outer, let vni) = last.event.carrier {
      let kind = last.event.tunnelKind
      what = "\(kind.rawValue) from \(outer.source.address) to \(outer.destination)"
      if kind != .ip { what += " (VNI \(vni))" }
      filter =
        kind == .ip
        ? "proto 4 and host \(outer.destination.address)"
        : "udp port \(outer.destination.port) and host \(outer.destination.address)"
    }
    return Explanation(
      cause: "lost-between-nodes", layer: .podNetwork, certainty: lost == sent ? .certain : .likely,
      why: "\(sender) sent \(lost == sent ? "them" : "\(lost) of \(sent)") by \(device), and "
        + "\(receiver), which was recorded at the time, never saw "
        + "\(lost == 1 ? "that packet" : "those packets"): the network between them lost them",
      evidence: [
        "\(lost) of \(sent) packets between \(sender) and \(receiver) left "
          + "\(names.namespaceName(last.event.netns)) by \(device) and were not seen again",
        "last as \(what)",
      ],
      check: [
        "tcpdump -ni \(device) \(filter)   (on \(sender), then on \(receiver))"
      ],
      fix: "let \(what) through the network between the nodes: security groups, firewalls, routes, "
        + "and its MTU if only large packets are lost")
  }
}

extension Merger.Node {
  /// Whether its recording was under way at a time on the first one's clock, and a while before and after.
  fileprivate func covers(_ time: UInt64, _ node: Int, _ names: MergedNames) -> Bool {
    guard let header else { return false }
    let shift = names.flows.shifts[node]
    let slack = UInt64(max(0, clock?.uncertainty ?? 0)) + 1_000_000
    return header.clock.boottime.shifted(shift) + slack < time && time + slack < last.shifted(shift)
  }
}
