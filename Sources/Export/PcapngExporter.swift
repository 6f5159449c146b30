internal import Diagnosis
internal import FlowModel
public import Recording

/// Packets for Wireshark: what was seen at devices, as NAT left it, and where it was freed; each with a
/// comment that says what became of it.
public struct PcapngExporter: Exporter {
  public static var readsTwice: Bool { true }

  private struct Interface: Hashable {
    var netns: String
    var place: String
  }

  /// What a packet was at the sighting before.
  private struct Sighting {
    var tuple: Pair
    var ipID: UInt16
    var sequence: UInt32?
    var length: UInt32
  }

  private var index: FlowIndex
  private var header: HeaderRecord?
  private var hasSection = false
  /// Of this section.
  private var interfaces: [Interface: UInt32] = [:]
  /// The last of each `sk_buff`, to see what NAT did.
  private var sightings: [String: Sighting] = [:]

  private static let sightingLimit = 100_000

  /// `isFiltered`: only packets of connections that are wanted.
  public init(isFiltered: Bool = false) { index = FlowIndex(isFiltered: isFiltered) }

  public mutating func learn(_ flow: FlowRecord, _ header: HeaderRecord?, isWanted: Bool) {
    index.learn(flow, header, isWanted: isWanted)
  }

  public mutating func add(_ record: Record, _ header: HeaderRecord?) -> [UInt8] {
    var blocks = PcapngBlocks()
    if !hasSection || header != self.header { begin(header, &blocks) }
    if case .event(let event) = record { add(event, &blocks) }
    return blocks.bytes
  }

  public mutating func end() -> [UInt8] {
    var blocks = PcapngBlocks()
    if !hasSection { begin(nil, &blocks) }
    return blocks.bytes
  }

  private mutating func begin(_ header: HeaderRecord?, _ blocks: inout PcapngBlocks) {
    self.header = header
    hasSection = true
    interfaces.removeAll()
    sightings.removeAll()
    blocks.section(header)
  }

  private mutating func add(_ event: EventRecord, _ blocks: inout PcapngBlocks) {
    let translation = translation(event)
    guard let kind = Kind(event, isTranslated: translation != nil) else { return }
    let cause = index.cause(of: event, header)
    if index.isFiltered, cause == nil { return }
    let packet = PacketBytes(event)
    blocks.packet(
      interface: interface(event, kind, &blocks), time: header.wallClock(event.time),
      packet.bytes, length: packet.length, kind.direction,
      comment: comment(event, kind, translation, cause))
  }

  /// Why an event is a packet of the file.
  private enum Kind {
    case inbound, outbound, translated, dropped

    init?(_ event: EventRecord, isTranslated: Bool) {
      switch event.hook {
      case Hook.tcIngress.name: self = .inbound
      case Hook.tcEgress.name: self = .outbound
      case Hook.drop.name: self = .dropped
      default:
        guard isTranslated else { return nil }
        self = .translated
      }
    }

    var direction: PcapngBlocks.Direction {
      switch self {
      case .inbound: .inbound
      case .outbound: .outbound
      case .translated, .dropped: .unknown
      }
    }
  }

  /// The tuple before, if NAT changed the packet since it was last seen.
  private mutating func translation(_ event: EventRecord) -> Pair? {
    if sightings.count >= Self.sightingLimit { sightings.removeAll(keepingCapacity: true) }
    let now = Sighting(
      tuple: event.tuple, ipID: event.ipID, sequence: event.sequence, length: event.length)
    let before = sightings.updateValue(now, forKey: event.skb)
    guard let before, before.tuple != event.tuple, before.ipID == now.ipID,
      before.sequence == now.sequence, before.length == now.length,
      let entry = event.conntrack, event.outer == nil
    else { return nil }
    // another packet at the same address has another connection's tuple
    let isReply = entry.direction == .reply
    let sent = isReply ? entry.reply : entry.original
    let answered = isReply ? entry.original : entry.reply
    guard [sent.source, answered.destination].contains(before.tuple.source),
      [sent.destination, answered.source].contains(before.tuple.destination)
    else { return nil }
    return before.tuple
  }

  /// The number of the interface, described before if it is new.
  private mutating func interface(
    _ event: EventRecord, _ kind: Kind, _ blocks: inout PcapngBlocks
  ) -> UInt32 {
    let hook = event.netfilterHook ?? event.hook
    var name = Interface(netns: event.netns, place: hook)
    var description: String? = "netfilter hook \(hook)"
    switch kind {
    case .inbound, .outbound, .dropped:
      if let device = event.interface {
        name.place = device
        description = nil
      } else {
        description = kind == .dropped ? "drops at no device" : "no device known"
      }
    case .translated:
      if event.netfilterHook == nil { description = "kernel hook \(hook)" }
    }
    if let known = interfaces[name] { return known }
    let number = UInt32(interfaces.count)
    interfaces[name] = number
    blocks.interface(
      name: "\(name.netns)/\(name.place)".printable, description: description?.printable)
    return number
  }

  // MARK: - Comments

  private func comment(
    _ event: EventRecord, _ kind: Kind, _ translation: Pair?, _ cause: String?
  ) -> String {
    var parts = ["hook \(event.netfilterHook.map { "\($0) " } ?? "")\(event.hook)"]
    if let translation {
      parts.append("NAT \(translation) before, \(event.tuple) after")
    } else if let entry = event.conntrack, entry.original != entry.reply.inverse {
      let isReply = entry.direction == .reply
      let before = isReply ? entry.reply : entry.original
      let after = isReply ? entry.original.inverse : entry.reply.inverse
      parts.append("NAT of the connection \(before) before, \(after) after")
    }
    switch kind {
    case .inbound, .outbound: parts.append("verdict passed")
    case .translated: parts.append("verdict translated")
    case .dropped:
      let reason = event.reason ?? "NOT_SPECIFIED"
      let place = event.location.map { " in \($0)" } ?? ""
      let isHarmless = HarmlessDrops.contains(
        event.tuple.tuple(IPProtocol(recorded: event.transport)), reason: reason,
        place: event.location)
      parts.append(
        "verdict \(isHarmless ? "freed, its work was done" : "dropped"): \(reason)\(place)")
    }
    if let cause, !cause.isEmpty { parts.append("cause \(cause)") }
    return parts.joined(separator: "; ").printable
  }
}

extension Pair {
  var inverse: Pair { Pair(tuple(.tcp).inverse) }

  func tuple(_ proto: IPProtocol) -> Tuple {
    Tuple(proto, from: source.endpoint, to: destination.endpoint)
  }
}
