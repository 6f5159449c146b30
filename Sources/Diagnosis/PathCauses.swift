internal import FlowModel

extension Case {
  /// The first kind of packet that went out and got no answer, if the flow has none.
  var unanswered: Transmission? {
    guard flow.state == .noAnswer || (flow.state == .open && flow.packets.reply == 0) else {
      return nil
    }
    guard faultyDrops.isEmpty else { return nil }
    return flow.transmissions.first { !$0.isICMPError && !$0.isReply }
  }
}

extension Cause {
  /// A packet larger than the next device takes, that may not be fragmented.
  static let mtuExceeded = Cause("mtu-exceeded") { given in
    let found =
      given.faultyDrops.first { $0.reason == "PKT_TOO_BIG" }
      ?? given.faultyDrops.first {
        let place = given.node.place($0.hop.event.location) ?? ""
        return $0.reason == "NOT_SPECIFIED"
          && (place.hasPrefix("ip_forward") || place.hasPrefix("ip6_forward"))
          && $0.hop.event.length > UInt32($0.hop.event.mtu)
      }
    guard let (way, hop, _) = found else { return nil }
    let event = hop.event
    // a GSO packet is judged by its segments, headers included
    let headers = event.length > UInt32(event.payload) ? event.length - UInt32(event.payload) : 40
    let size = event.gsoSize > 0 ? UInt32(event.gsoSize) + headers : event.length
    let device = given.node.interfaceName(event.outInterface, in: event.netns)
    let told = given.icmpErrors(type: 3, code: 4) + given.icmpErrors(type: 2)
    let answer =
      told.isEmpty
      ? "no ICMP fragmentation-needed was seen: the sender will not learn of it"
      : "ICMP fragmentation-needed went back to \(event.tuple.source.address)"
    let small = given.flow.largestPassed
    return Explanation(
      cause: "mtu-exceeded", layer: .podNetwork, certainty: .certain,
      why: "packets of \(size) bytes do not fit through \(device) (MTU \(event.mtu)) and may not "
        + "be fragmented",
      evidence: [
        "\(given.count(way)) of \(size) bytes with DF dropped on "
          + "\(given.node.namespaceName(event.netns)): \(size - min(size, UInt32(event.mtu))) bytes "
          + "too many for \(device)",
        answer,
        small > 0 ? "smaller packets pass: up to \(small) bytes did" : "no smaller packet was seen",
        "VXLAN takes 50 bytes of the underlay's MTU: 1500 leaves 1450",
      ],
      check: [
        "ip link show \(device)",
        "ip netns exec POD ip link show eth0   (the pod's MTU)",
        "ping -M do -s \(Int(event.mtu) - 28) \(event.tuple.destination.address)",
      ],
      fix: "set the pods' MTU to \(event.mtu) in the CNI's configuration and restart the pods, or "
        + "raise the underlay's MTU by 50")
  }

  /// The packet reached its pod and nobody listens there.
  static let portClosed = Cause("port-closed") { given in
    guard
      let found = given.faultyDrops.first(where: { $0.reason == "NO_SOCKET" })
        ?? given.resetByKernel
    else { return nil }
    let (way, hop, _) = found
    let tuple = hop.event.tuple
    let pod = given.node.namespaceName(hop.event.netns)
    var evidence = [
      "\(given.count(way)) reached \(pod) and found no socket on \(tuple.destination)"
    ]
    if given.flow.state == .refused {
      evidence.append(
        "the pod's kernel answered with a reset; the client sees \"connection refused\"")
    } else if !given.icmpErrors(type: 3, code: 3).isEmpty {
      evidence.append("the pod's kernel answered with ICMP port-unreachable")
    }
    if given.flow.translated != nil { evidence.append("DNAT and the way to the pod worked") }
    return Explanation(
      cause: "port-closed", layer: .application, certainty: .certain,
      why:
        "nothing listens on \(tuple.proto) port \(tuple.destination.port) in \(pod): the network "
        + "delivered it, the application is not there",
      evidence: evidence,
      check: [
        "ip netns exec \(pod) ss -ltnup sport = :\(tuple.destination.port)",
        "kubectl get service \(given.service.map { "-n \($0.namespace) \($0.name)" } ?? "-A") -o yaml"
          + "   (targetPort)",
      ],
      fix: "start the application, make it listen on 0.0.0.0:\(tuple.destination.port) (not on "
        + "127.0.0.1), or correct the Service's targetPort")
  }

  /// Any other drop: what is known of it, without more claim than that.
  static let otherDrop = Cause("drop") { given in
    guard !given.flow.isSettled || given.flow.state == .noAnswer,
      let (way, hop, reason) = given.faultyDrops.first
    else { return nil }
    let place = given.node.place(hop.event.location) ?? "an unknown place"
    return Explanation(
      cause: "drop", layer: .node, certainty: reason == "NOT_SPECIFIED" ? .inferred : .certain,
      why: "the kernel dropped it in \(place): \(reason)",
      evidence: ["\(given.count(way)) dropped in \(given.placeText(hop))"],
      check: ["dmesg | tail", "nstat -az | grep -i drop"],
      fix: "look up \(reason) in the kernel's include/net/dropreason-core.h")
  }

  /// It left this node in order, nothing came back, and nothing here dropped it.
  static let lostBeyondNode = Cause("lost-beyond-node") { given in
    guard let way = given.unanswered,
      let last = way.hops.last(where: { $0.action == .sent && !$0.isDetail })
        ?? way.hops.last
    else { return nil }
    let device = given.node.interfaceName(
      last.event.outInterface == 0 ? last.event.interface : last.event.outInterface,
      in: last.event.netns)
    let place = given.node.namespaceName(last.event.netns)
    var hop = "\(last.event.tuple.destination)"
    var check = ["tcpdump -ni any host \(last.event.tuple.destination.address)   (on the next hop)"]
    var evidence: [String] = []
    if case .tunnel(let outer, let vni) = last.event.carrier {
      hop = "\(outer.destination.address) (VXLAN, UDP \(outer.destination.port), VNI \(vni))"
      check = [
        "kflowtrace --flow \(last.event.tuple.source.address),\(last.event.tuple.destination)   "
          + "(on \(outer.destination.address))",
        "ping \(outer.destination.address)",
      ]
    }
    evidence.append("\(given.count(way)) last seen leaving \(place) by \(device) for \(hop)")
    evidence.append("no answer, and nothing on this node dropped it")
    let tries = max(given.flow.syns, way.repeats + 1)
    if tries > 1 { evidence.append("sent \(tries) times") }
    return Explanation(
      cause: "lost-beyond-node", layer: .podNetwork, certainty: .likely,
      why: "it left \(place) in order and was lost behind it",
      evidence: evidence, check: check,
      fix: "follow it on \(hop): this node is not at fault")
  }
}

extension Case {
  /// The socket layer's own word that it answers with a reset, for kernels whose drop carries
  /// no reason.
  var resetByKernel: (way: Transmission, hop: Hop, reason: String)? {
    guard flow.state == .refused else { return nil }
    for way in flow.transmissions where !way.isReply {
      if let hop = way.hops.last(where: { $0.action == .answeredByReset }) {
        return (way, hop, "NO_SOCKET")
      }
    }
    return nil
  }
}

extension Flow {
  /// Whether client and server had what they wanted of each other.
  var isSettled: Bool { state == .completed }
}
