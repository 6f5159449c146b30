internal import FlowModel

/// Something is too slow for what it is sent.
extension Cause {
  /// The server's socket takes no more: its listen queue, or its receive buffer.
  static let receiverOverloaded = Cause("receiver-overloaded") { given in
    let full = given.drops.first {
      $0.isFor("SOCKET_RCVBUFF", "SOCKET_BACKLOG", "PROTO_MEM", "TCP_LISTEN_OVERFLOW")
    }
    if let full {
      let target = full.event.tuple.destination
      return overload(
        given, full.event,
        what: "the receive queue of \(target) is full",
        seen: "\(given.count(full.way)) reached \(given.name(full.event.netns)) and died there: "
          + "\(full.reason)",
        check:
          "ss -\(target.port == 0 ? "" : "n")\(full.event.tuple.proto == .udp ? "u" : "t")am sport = :\(target.port)",
        counter: full.event.tuple.proto == .udp
          ? ("Udp", "RcvbufErrors") : ("TcpExt", "TCPBacklogDrop"),
        certainty: .certain)
    }
    // a SYN for a full listen queue is consumed without a word, not dropped
    guard given.flow.proto == .tcp, given.flow.syns > 0, let way = given.unanswered,
      let end = way.hops.last(where: { $0.action == .delivered }),
      end.event.tcpFlags == .syn,
      end.event.tuple.destination.address == given.backend.address
    else { return nil }
    let overflows = given.node.statistic("TcpExt", "ListenOverflows", in: end.event.netns) ?? 0
    return overload(
      given, end.event,
      what: "the listen queue of \(end.event.tuple.destination) is full: the application does not "
        + "accept connections fast enough",
      seen:
        "\(given.count(way)) delivered in \(given.name(end.event.netns)), and TCP there neither "
        + "answered nor refused",
      check: "ss -ltn sport = :\(end.event.tuple.destination.port)   (Recv-Q at Send-Q: full)",
      counter: ("TcpExt", "ListenOverflows"),
      certainty: overflows > 0 ? .certain : .inferred)
  }

  private static func overload(
    _ given: Case, _ event: Event, what: String, seen: String, check: String,
    counter: (group: String, name: String), certainty: Certainty
  ) -> Explanation {
    let value = given.node.statistic(counter.group, counter.name, in: event.netns)
    return Explanation(
      cause: "receiver-overloaded", layer: .application, certainty: certainty,
      why: what,
      evidence: [
        seen,
        "\(counter.group)\(counter.name) of \(given.name(event.netns)): "
          + (value.map(String.init) ?? "not readable"),
        "the network delivered it",
      ],
      check: [
        given.run(check, in: event.netns),
        given.run("nstat -az \(counter.group)\(counter.name)", in: event.netns),
      ],
      fix: "the application is too slow or stuck: more replicas, more workers, a larger backlog "
        + "(net.core.somaxconn and the listen call) or receive buffer")
  }

  /// A queue on the way was full.
  static let congestion = Cause("congestion") { given in
    let lost = given.drops.filter(\.isQueueFull)
    guard let drop = lost.max(by: { $0.way.repeats < $1.way.repeats }) else { return nil }
    let count = lost.reduce(0) { $0 + 1 + $1.way.repeats }
    let all = given.flow.packets.original + given.flow.packets.reply
    // TCP finds its rate by losing a packet now and then
    guard !given.flow.isSettled || count * 100 > all * 2 else { return nil }
    let event = drop.event
    let device = given.device(event)
    let qdisc = given.node.network(of: event.netns)?.devices[given.index(event)]?.qdisc ?? ""
    // its random loss and its full queue are freed alike
    let isEmulated = qdisc == "netem"
    // a device that has no queue has the kernel's, which drops all, while it goes down or is given a
    // qdisc, clsact's included (dev_deactivate() in net/sched/sch_generic.c)
    let isChanging = qdisc == "noqueue" && drop.reason == "QDISC_DROP"
    return Explanation(
      cause: "congestion", layer: .node,
      certainty: drop.reason == "NOT_SPECIFIED" ? .inferred : .certain,
      why: isEmulated
        ? "qdisc netem of \(device) on \(given.name(event.netns)) loses packets: somebody emulates a "
          + "bad network there"
        : isChanging
          ? "\(device) on \(given.name(event.netns)), which has no queue, was being changed: the kernel "
            + "drops what is sent while a qdisc is put in or taken out, or the device goes down"
          : "the queue of \(device) on \(given.name(event.netns))"
            + (qdisc.isEmpty ? "" : " (qdisc \(qdisc))")
            + " is full: packets come faster than they leave",
      evidence: [
        "\(count) of \(all) packets of this connection dropped on \(device): \(drop.reason) in "
          + "\(drop.place ?? "?")",
        "\(given.flow.retransmissions) retransmissions",
      ],
      check: [
        given.run("tc -s qdisc show dev \(device.shellWord)", in: event.netns),
        given.run("ip -s link show \(device.shellWord)", in: event.netns),
      ],
      fix: isEmulated
        ? given.run("tc qdisc del dev \(device.shellWord) root", in: event.netns)
          + ", or end the chaos experiment that set it up"
        : isChanging
          ? "find out what changes \(device); before Linux 6.6 an agent that adds tc programs does, once"
          : "a shaper, a bandwidth limit (kubernetes.io/egress-bandwidth) or a queue too short for the "
            + "rate: raise it, or send less")
  }
}

extension Drop {
  fileprivate var isQueueFull: Bool {
    if isFor(
      "QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_CONGESTED", "CPU_BACKLOG", "FULL_RING", "TC_EGRESS",
      in: "enqueue_to_backlog", "__dev_queue_xmit", "__dev_xmit_skb")
    {
      return true
    }
    // qdiscs free what does not fit by their own enqueue functions
    guard reason == "NOT_SPECIFIED", let function = place?.prefix(while: { $0 != "+" && $0 != "." })
    else { return false }
    return function.hasSuffix("_enqueue")
  }
}
