internal import FlowModel
internal import Recording

/// Where packets come by: a lane of the diagram.
struct PagePlace: Hashable {
  var netns: String
  var name: String
  /// A netfilter hook rather than a device.
  var isHook: Bool
}

/// An address in a way. The client's port is another one in every connection; all else is the same in
/// many, and so ways that differ in nothing else are equal.
enum PageAddress: Hashable {
  case client
  /// The client as the server sees it, if source NAT changed it.
  case masqueraded
  case other(String)

  init(_ peer: Peer, in flow: FlowRecord) {
    switch peer {
    case flow.source: self = .client
    case flow.reply?.destination: self = .masqueraded
    default: self = .other("\(peer)")
    }
  }
}

/// What happened to a packet at a place.
struct PageAct: Hashable {
  /// A `Step`'s name, or `chains`, `round`.
  var name: String
  /// NAT's.
  var to: PageAddress?
  var endpointIndex: Int?
  /// The tunnel's kind.
  var tunnel: String?
  /// The outer packet, the ICMP error, the reason of a drop.
  var text: String?
  /// What died.
  var source: PageAddress?
  var destination: PageAddress?
  var rule: String?
  /// Sightings left out.
  var count: Int?

  init(_ name: String) { self.name = name }
}

/// How a packet went, without its times.
struct PageWay: Hashable {
  struct Stop: Hashable {
    var place: PagePlace
    var acts: [PageAct]
  }

  var isReply: Bool
  var source: PageAddress
  var destination: PageAddress
  /// If it is an ICMP error: which, and the packet it is about.
  var icmpError: String?
  var aboutSource: PageAddress?
  var aboutDestination: PageAddress?
  /// Seen in a tunnel first.
  var beginsInTunnel: Bool
  var stops: [Stop] = []
}

/// A packet's way with the times that are its own.
struct PagePacket {
  var way: PageWay
  /// ns since the connection's beginning, one for each stop.
  var times: [UInt64] = []

  /// `nil` if nothing of it is worth showing. `rule`: the one that dropped it.
  init?(_ packet: FlowRecord.PacketRecord, of flow: FlowRecord, rule: String?) {
    guard let first = packet.hops.first(where: { !$0.detail }) else { return nil }
    let isError = packet.icmpError != nil
    let shown = isError ? first.outer ?? first.tuple : first.tuple
    way = PageWay(
      isReply: packet.isReply, source: PageAddress(shown.source, in: flow),
      destination: PageAddress(shown.destination, in: flow),
      beginsInTunnel: first.tunnel != nil && first.action != .decapsulated)
    if let error = packet.icmpError {
      way.icmpError = error.name(isIPv4: shown.source.endpoint.address.isIPv4)
      way.aboutSource = PageAddress(first.tuple.source, in: flow)
      way.aboutDestination = PageAddress(first.tuple.destination, in: flow)
    }
    add(packet, of: flow, rule)
  }

  /// What adds nothing is left out, but for the hook that a packet was dropped in.
  private mutating func add(
    _ packet: FlowRecord.PacketRecord, of flow: FlowRecord, _ rule: String?
  ) {
    let hops = packet.hops
    var visits: [PagePlace: Int] = [:]
    var skipped = 0
    for (i, hop) in hops.enumerated() where !hop.detail {
      let place = Self.place(hop)
      if hop.hook == "tcIngress" || hop.hook == "tcEgress" { visits[place, default: 0] += 1 }
      // what goes round in circles is shown twice
      if visits[place, default: 0] > 2 || (skipped > 0 && hop.action != .dropped) {
        skipped += 1
        continue
      }
      if skipped > 0 {
        var round = PageAct("round")
        round.count = skipped
        way.stops.append(PageWay.Stop(place: place, acts: [round]))
        times.append(hop.time)
        skipped = 0
      } else if hop.action == .dropped, let entry = packet.chains(of: i) {
        if hop.netfilterHook == "INPUT", hop.reason == "NETFILTER_DROP" { takeBackDelivery() }
        way.stops.append(PageWay.Stop(place: place, acts: [PageAct("chains")]))
        times.append(entry.time)
      }
      let act = Self.act(hop, of: flow, rule)
      if let last = way.stops.last, last.place == place, hop.action != .dropped {
        way.stops[way.stops.count - 1].acts.append(act)
      } else {
        way.stops.append(PageWay.Stop(place: place, acts: [act]))
        times.append(hop.time)
      }
    }
  }

  /// For a function of the IP layer it was as good as delivered.
  private mutating func takeBackDelivery() {
    for i in way.stops.indices.suffix(2) {
      way.stops[i].acts.removeAll { $0.name == Step.delivered.rawValue }
    }
    if way.stops.last?.acts.isEmpty ?? false {
      way.stops.removeLast()
      times.removeLast()
    }
  }

  private static func place(_ hop: FlowRecord.HopRecord) -> PagePlace {
    switch hop.action {
    case .destinationNAT, .sourceNATUndone, .sourceNAT, .destinationNATUndone, .passed, .dropped:
      var hook = hop.netfilterHook
      if hop.hook == "ipvs" { hook = hook.map { "\($0) IPVS" } ?? "IPVS" }
      return PagePlace(
        netns: hop.netns, name: hook ?? hop.interface ?? "-", isHook: hook != nil)
    case .sent where hop.hook == "ipOutput":
      return PagePlace(
        netns: hop.netns, name: hop.outInterface ?? hop.interface ?? "-", isHook: false)
    default:
      let name = hop.interface ?? hop.outInterface
      return PagePlace(
        netns: hop.netns, name: name ?? hop.netfilterHook ?? "sockets", isHook: name == nil)
    }
  }

  private static func act(
    _ hop: FlowRecord.HopRecord, of flow: FlowRecord, _ rule: String?
  ) -> PageAct {
    var act = PageAct(hop.action.rawValue)
    switch hop.action {
    case .destinationNAT, .sourceNATUndone, .sourceNAT, .destinationNATUndone:
      act.to = hop.to.map { PageAddress($0, in: flow) }
      act.endpointIndex = hop.endpointIndex
    case .encapsulated:
      act.tunnel = hop.tunnel
      if let outer = hop.outer {
        let source = outer.source.endpoint.address
        act.text =
          outer.destination.endpoint.port == 0
          ? "\(source) → \(outer.destination.endpoint.address)"
          : "\(source) → \(outer.destination)  VNI \(hop.vni ?? 0)"
      }
    case .decapsulated: act.tunnel = hop.tunnel
    case .icmpErrorMade:
      act.text = hop.icmpError?.name(isIPv4: hop.tuple.source.endpoint.address.isIPv4)
    case .dropped, .freed:
      act.text = (hop.reason ?? "") + (hop.location.map { " in \($0)" } ?? "")
      act.source = PageAddress(hop.tuple.source, in: flow)
      act.destination = PageAddress(hop.tuple.destination, in: flow)
      if hop.action == .dropped { act.rule = rule }
    case .passed: act.text = hop.hook
    default: break
    }
    return act
  }
}
