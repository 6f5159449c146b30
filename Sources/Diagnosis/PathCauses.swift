internal import FlowModel

extension Case {
  /// The first kind of packet that went out and got no answer, if the flow has none.
  var unanswered: Transmission? {
    guard flow.state == .noAnswer || (flow.state == .open && flow.packets.reply == 0),
      drops.isEmpty, expectsAnswer,
      // what is missing may be ours
      !flow.mayMissEvents
    else { return nil }
    return flow.transmissions.first { !$0.isICMPError && !$0.isReply }
  }

  /// Not what is said to many, nor what ICMP tells unasked.
  private var expectsAnswer: Bool {
    guard !flow.original.destination.address.isMulticast else { return false }
    let kind = flow.transmissions.first?.first?.icmpType
    switch flow.proto {
    case .icmp: return kind == 8
    case .icmpv6: return kind == 128
    default: return true
    }
  }
}

extension Cause {
  /// The packet reached its pod and nobody listens there.
  static let portClosed = Cause("port-closed") { given in
    let found =
      given.drops.first { $0.isForNobody && !$0.way.isReply }.map { ($0.way, $0.hop) }
      ?? given.resetByKernel
    guard let (way, hop) = found else { return nil }
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
        given.run("ss -ltnup sport = :\(tuple.destination.port)", in: hop.event.netns),
        "kubectl get service \(given.service.flatMap(\.kubectl) ?? "-A") -o yaml   (targetPort)",
      ],
      fix: "start the application, make it listen on 0.0.0.0:\(tuple.destination.port) (not on "
        + "127.0.0.1), or correct the Service's targetPort")
  }

  /// Any other drop: what is known of it, without more claim than that.
  static let otherDrop = Cause("drop") { given in
    // an answer that comes when its client has gone is no fault of the way
    guard !given.flow.isSettled,
      let drop = given.drops.first(where: { !($0.isForNobody && $0.way.isReply) })
    else { return nil }
    let place = drop.place ?? "an unknown place"
    let words = DropWords(drop)
    var why = "the kernel dropped it in \(place): \(drop.reason)"
    if let words { why += ". \(words.what)" }
    if let usually = words?.usually { why += " Usually: \(usually)" }
    let check = words.map { given.commands($0, drop) } ?? []
    return Explanation(
      cause: "drop", layer: words?.layer ?? .node, certainty: drop.certainty, why: why,
      evidence: ["\(given.count(drop.way)) dropped in \(given.placeText(drop.hop))"],
      check: check.isEmpty
        ? ["dmesg | tail", given.run("nstat -az | grep -i drop", in: drop.event.netns)] : check,
      fix: words?.fix ?? "see what \(place) of this kernel's source frees")
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
      hop =
        "\(outer.destination.address) (\(last.event.tunnelKind.rawValue)"
        + (last.event.tunnelKind == .ip ? ")" : ", UDP \(outer.destination.port), VNI \(vni))")
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
      why: "it left \(place) by \(device) for \(hop) in order and was lost behind it",
      evidence: evidence, check: check,
      fix: "follow it on \(hop): this node is not at fault")
  }
}

extension Drop {
  /// It was delivered, and no socket wanted it.
  fileprivate var isForNobody: Bool {
    reason == "NO_SOCKET" && tunnel == nil && event.tuple.proto.hasPorts
  }
}

extension Case {
  /// The socket layer's own word that it answers with a reset, for kernels whose drop carries
  /// no reason.
  var resetByKernel: (way: Transmission, hop: Hop)? {
    guard flow.state == .refused else { return nil }
    for way in flow.transmissions where !way.isReply {
      if let hop = way.hops.last(where: { $0.action == .answeredByReset }) {
        return (way, hop)
      }
    }
    return nil
  }
}

extension ServiceName {
  /// How kubectl is told of it.
  fileprivate var kubectl: String? {
    guard let namespace, let name else { return nil }
    return "-n \(namespace) \(name)"
  }
}

extension Flow {
  /// Whether client and server had what they wanted of each other.
  var isSettled: Bool { state == .completed }
}
