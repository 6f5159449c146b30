internal import FlowModel

/// What tells one packet of a flow from the others at every place it is seen: nothing that
/// NAT, routing or a tunnel changes.
struct PacketKey: Equatable {
  private let numbers: UInt64
  /// IP id, payload, ICMP error, flags, direction.
  private let rest: UInt64

  var isReply: Bool { rest & 1 != 0 }

  init(_ event: Event, isReply: Bool) {
    numbers = UInt64(event.sequence) << 32 | UInt64(event.acknowledgment)
    // an ICMP error's quoted packet is a packet of its own; code and type are below 128 in all there
    // are
    let error =
      event.isICMPError ? 1 << 14 | UInt64(event.icmpType) << 7 ^ UInt64(event.icmpCode) : 0
    rest =
      UInt64(event.ipID) << 48 | UInt64(event.payload) << 32 | error << 16
      | UInt64(event.tcpFlags.rawValue) << 1 | (isReply ? 1 : 0)
  }
}

/// One packet's sightings, each with what happened since the one before.
final class PacketWay {
  /// A place a packet passes once; with the TTL, so that a routing loop is not a repetition.
  private struct Place: Equatable {
    var netns: UInt32
    var interface: UInt32
    var hook: Hook
    var netfilterHook: NetfilterHook?
    var table: Table
    var ttl: UInt8
    var isTunnelled: Bool
    /// IPVS sends what it has rewritten through OUTPUT once more.
    var port: UInt16
    var address: Address
  }

  /// Whether its payload could be a DNS message.
  var hasRoomForDNS: Bool { (hops.first?.event.payload ?? 0) >= 12 && !isICMPError }

  /// What packets have in common that can be shown as one.
  struct Shape: Hashable {
    var isReply: Bool
    var flags: TCPFlags
    var icmpError: Bool
    var reason: UInt32
    var location: UInt64
    var netns: UInt32
    var hops: Int
    var isEmpty: Bool
  }

  private(set) var key: PacketKey
  var isReply: Bool { key.isReply }
  var repeats = 0
  /// Of the DNS message in it, by number: `nil` if it has none, or none was read.
  var exchange: Int?
  private var hops: [Hop] = []
  /// Those of hooks that are passed once.
  private var places: [Place] = []
  /// Where the packet stands in netfilter: entered, or about to, and not yet left.
  private var netfilterHook: NetfilterHook?
  /// The last event that can have been NAT itself, in the kprobe backend.
  private var natEvent: Event?

  /// `hops`: how many it may have.
  init(_ key: PacketKey, hops count: Int) {
    self.key = key
    hops.reserveCapacity(count)
    places.reserveCapacity(count)
  }

  /// Another packet's from now on, of which nothing was seen.
  func begin(_ key: PacketKey) {
    self.key = key
    repeats = 0
    exchange = nil
    hops.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    netfilterHook = nil
    natEvent = nil
    hasDied = false
  }

  /// Sightings, and what happened between them.
  var sightings: Int { hops.count }

  /// Bytes it takes, more or less.
  var size: Int {
    128 + hops.capacity * MemoryLayout<Hop>.stride + places.capacity * MemoryLayout<Place>.stride
  }

  // by index: `first` and `last` would copy the event
  var start: UInt64 { hops.isEmpty ? 0 : hops[0].event.time }
  private(set) var hasDied = false
  /// Whether it may still be the packet at this address: last seen there and not dead.
  func isQueued(as skb: UInt64) -> Bool {
    !hasDied && !hops.isEmpty && hops[hops.count - 1].event.skb == skb
  }
  var isICMPError: Bool { !hops.isEmpty && hops[0].event.isICMPError }

  /// Packets can be folded if they died alike, or are the same kind of packet that went
  /// through without an end being known.
  var canBeFolded: Bool {
    hasDied || !hops.isEmpty && (hops[0].event.tcpFlags == .syn || hops[0].event.isICMPError)
  }

  /// `nil` unless it can be folded.
  var shape: Shape? {
    guard canBeFolded, let first = hops.first?.event else { return nil }
    let drop = hasDied ? hops.last { $0.action == .dropped }?.event : nil
    return Shape(
      isReply: isReply, flags: first.tcpFlags, icmpError: isICMPError,
      reason: drop?.dropReason ?? 0, location: drop?.location ?? 0,
      netns: (drop ?? hops.last?.event ?? first).netns, hops: drop == nil ? hops.count : 0,
      isEmpty: first.payload == 0)
  }

  private func place(_ event: Event) -> Place {
    let destination = event.tuple.destination
    return Place(
      netns: event.netns, interface: event.interface, hook: event.hook,
      netfilterHook: event.netfilterHook, table: event.table, ttl: event.ttl,
      isTunnelled: event.isTunnelled, port: destination.port, address: destination.address)
  }

  /// Whether the event is the same packet's, rather than the same bytes sent again.
  func continues(with event: Event) -> Bool {
    // one packet does not take a second to cross a node; a second try does not come sooner
    // than the 200 ms of the smallest retransmission timer, but may find us repeating a place
    guard event.time < start + 1_000_000_000 || event.hook == .drop && isQueued(as: event.skb)
    else { return false }
    return !event.hook.isPassedOnce || !places.contains(place(event))
  }

  /// `isHarmless`: a drop event that is no fault.
  func add(_ event: Event, isHarmless: Bool) {
    if event.hook.isPassedOnce { places.append(place(event)) }
    noteChanges(event)
    let (action, isDetail) = meaning(of: event, isHarmless)
    var hop = Hop(event: event, action: action, isDetail: isDetail)
    if action == .dropped {
      hasDied = true
      hop.netfilterHook = netfilterHook
    } else {
      trackNetfilter(event)
    }
    if action == .sent { demoteEarlierSends(event) }
    hops.append(hop)
  }

  func transmission() -> Transmission {
    Transmission(isReply: isReply, hops: hops, repeats: repeats)
  }

  /// NAT and tunnels show as a difference to the sighting before.
  private func noteChanges(_ event: Event) {
    if event.hook == .natFunction || event.hook == .natManip { natEvent = event }
    let last = hops.count - 1
    guard last >= 0,
      event.tuple != hops[last].event.tuple || event.isCarried || hops[last].event.isCarried,
      !isICMPError
    else { return }
    let before = hops[last].event
    if event.tuple != before.tuple {
      let isByIPVS = isByIPVS(event, before)
      if event.tuple.destination != before.tuple.destination {
        let action = Action.destinationNAT(to: event.tuple.destination, undone: isReply)
        let at = placeOfNAT(event, before, isByIPVS: isByIPVS && !isReply)
        if at.hook == .ipvs { demoteDelivery(in: event.netns) }
        hops.append(Hop(event: at, action: action, isDetail: false))
      }
      if event.tuple.source != before.tuple.source {
        let action = Action.sourceNAT(to: event.tuple.source, undone: isReply)
        let at = placeOfNAT(event, before, isByIPVS: isByIPVS && isReply)
        hops.append(Hop(event: at, action: action, isDetail: false))
      }
    }
    guard before.isCarried || event.isCarried else { return }
    switch (before.carrier, event.carrier) {
    case (.none, .tunnel(let outer, let vni)):
      forgetNAT(before: event)
      hops.append(
        Hop(event: event, action: .encapsulated(outer: outer, vni: vni), isDetail: false))
    case (.tunnel, .none):
      forgetNAT(before: event)
      var at = event
      at.tunnelKind = before.tunnelKind
      hops.append(Hop(event: at, action: .decapsulated, isDetail: false))
    default: break
    }
  }

  /// Whether IPVS changed the packet since the sighting before: nothing else sends what has come
  /// to INPUT on to OUTPUT, with conntrack's knowledge or without.
  private func isByIPVS(_ event: Event, _ before: Event) -> Bool {
    guard event.netns == before.netns else { return false }
    return before.hook == .ipvs || (event.conntrack ?? before.conntrack)?.isByIPVS ?? false
      || (netfilterHook ?? before.netfilterHook) == .input && event.netfilterHook == .output
  }

  /// What was seen of the inner packet says nothing of the outer one, and the other way round.
  private func forgetNAT(before event: Event) {
    if event.hook != .natFunction, event.hook != .natManip { natEvent = nil }
  }

  /// Where the packet was when its tuple became what this event has.
  private func placeOfNAT(_ event: Event, _ before: Event, isByIPVS: Bool) -> Event {
    var at = event
    if isByIPVS {
      at.hook = .ipvs
      at.netfilterHook = before.netfilterHook ?? netfilterHook
    } else if event.netfilterHook == nil || event.hook.isFunction, let nat = natEvent {
      // the kprobe backend sees NAT begin, and the result at the next hook
      at = nat
      at.tuple = event.tuple
      at.netfilterHook = nat.netfilterHook ?? netfilterHook
    } else {
      at.netfilterHook = event.netfilterHook ?? netfilterHook
    }
    return at
  }

  /// What IPVS takes at INPUT was for no socket.
  private func demoteDelivery(in netns: UInt32) {
    guard let i = hops.lastIndex(where: { $0.action == .delivered }), hops[i].event.netns == netns
    else { return }
    hops[i].action = .passed
    hops[i].isDetail = true
  }

  private func meaning(of event: Event, _ isHarmless: Bool) -> (Action, isDetail: Bool) {
    let tunnelled = event.isTunnelled
    switch event.hook {
    case .tcIngress: return (.received, hasArrived(in: event.netns, tunnelled))
    case .ipReceive: return (.received, hasArrived(in: event.netns, tunnelled))
    case .tcEgress, .ipOutput: return (.sent, false)
    case .nfFilterDone where event.netfilterHook == .input, .ipDeliver:
      return (.delivered, tunnelled)
    case .icmpSend: return (.icmpErrorMade(type: event.icmpType, code: event.icmpCode), false)
    case .resetSent: return (.answeredByReset, false)
    case .drop: return isHarmless ? (.freed, true) : (.dropped, false)
    default: return (.passed, true)
    }
  }

  /// Whether the packet already showed up in this namespace and did not leave it since: the
  /// bridge behind the veth, the IP layer behind the device.
  private func hasArrived(in netns: UInt32, _ tunnelled: Bool) -> Bool {
    for i in hops.indices.reversed() {
      if hops[i].event.netns != netns { return false }
      switch hops[i].action {
      case .sent, .decapsulated, .encapsulated: return false
      case .received: return true
      default: continue
      }
    }
    return false
  }

  /// The device it really leaves by says it all: not the bridge before it, not the IP layer.
  private func demoteEarlierSends(_ event: Event) {
    for i in hops.indices.reversed() {
      if hops[i].event.netns != event.netns { return }
      switch hops[i].action {
      case .sent: hops[i].isDetail = true
      case .received, .encapsulated, .decapsulated: return
      default: continue
      }
    }
  }

  /// Follows the packet through netfilter's hooks, so that a drop can be placed.
  private func trackNetfilter(_ event: Event) {
    switch event.hook {
    case .nfRaw, .nfDNATDone, .nfFilter, .nfSNAT, .hookSlow, .conntrackIn, .natFunction, .iptTable,
      .nftChain:
      netfilterHook = event.netfilterHook
    case .nfFilterDone where event.netfilterHook != .input:
      // nothing happens to it before it is there, but for answers that IPVS rewrites
      netfilterHook = .postrouting
    case .nfFilterDone, .nfSNATDone, .tcIngress, .tcEgress, .ipReceive, .ipForward, .ipDeliver,
      .ipOutput, .bridgeIn, .bridgeOut, .vxlanTransmit, .vxlanReceive:
      netfilterHook = nil
    default: break
    }
  }
}

extension Hook {
  /// Whether one packet passes it once at the most with the same TTL: devices, and netfilter's
  /// stages. Functions may run again: chains are many, and br_netfilter has the IP hooks run on
  /// the bridge before the IP layer runs them.
  var isPassedOnce: Bool {
    switch self {
    case .tcIngress, .tcEgress, .ipReceive, .ipOutput: true
    case .nfRaw, .nfDNATDone, .nfFilter, .nfFilterDone, .nfSNAT, .nfSNATDone: true
    default: false
    }
  }

  /// Whether it is a kernel function of the kprobe backend.
  var isFunction: Bool { (30..<60).contains(rawValue) }
}
