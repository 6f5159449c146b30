internal import FlowModel

/// Follows a packet through the base chains of its hook, keeping what cannot be decided apart.
///
/// Every way the packet may have taken is followed at once. `conditions` are the undecided
/// matches one has to assume to be where the walk is; a verdict given under conditions is a
/// leak: from then on the packet may be gone, and all later verdicts are likely only.
struct RuleWalk {
  let hook: NetfilterHook
  private(set) var verdicts: [RuleMatch] = []
  private(set) var origin = RuleOrigin(.ipv4, .nft)
  private(set) var table = Table.filter
  /// Of the iptables table the packet is in.
  private(set) var chains: [String: RuleChain] = [:]
  /// The table of nftables it is in.
  private(set) var nftTable: NFTTable?
  private(set) var packet: RulePacket
  /// The packet's mark on entering the next base chain.
  private(set) var mark: KnownMark
  /// The mark with which it may leave this one.
  private var passingMark: KnownMark?
  /// Undecided matches that may have ended the packet, in an earlier base chain or in this.
  private var droppedIf: [String] = []
  private var acceptedIf: [String] = []
  private var mayPass = false
  /// The chains that have been entered and not left.
  var active: Set<String> = []
  /// Rules looked at.
  var steps = 0

  /// Rules looked at before the walk gives up, and chains within chains (nft allows 16).
  static let stepLimit = 500_000
  static let depthLimit = 100
  private static let reasonLimit = 8

  init(_ packet: RulePacket, at hook: NetfilterHook) {
    self.packet = packet
    self.hook = hook
    mark = KnownMark(packet.mark)
  }

  /// Base chains of one priority, which run in an order that is not known.
  /// Returns whether the packet may get past all of them.
  mutating func walk(_ stages: [WalkStage]) -> Bool {
    let before = droppedIf
    var dropped = before
    var isCertainlyDropped = false
    let first = verdicts.count
    for stage in stages {
      droppedIf = before
      acceptedIf = []
      mayPass = false
      passingMark = nil
      walk(stage)
      mark = passingMark ?? mark
      dropped += droppedIf.dropFirst(before.count)
      if !mayPass { isCertainlyDropped = true }
    }
    droppedIf = dropped
    doubtRivals(from: first)
    return !isCertainlyDropped
  }

  private mutating func walk(_ stage: WalkStage) {
    origin = stage.origin
    table = stage.table
    packet = stage.packet
    var conditions: [String] = []
    if stage.isNAT, !packet.states.isSubset(of: [.new, .related]) {
      conditions = ["only the first packet of a connection passes a chain of type nat"]
      mayPass = true
      passingMark = mark
    }
    active = []
    switch stage.content {
    case .iptables(let chains, let base):
      nftTable = nil
      self.chains = chains
      run(base: base, conditions)
    case .nftables(let table, let base):
      nftTable = table
      run(base: base, in: table, conditions)
    }
  }

  /// Of two base chains that both drop it one was first.
  private mutating func doubtRivals(from first: Int) {
    let fatal = verdicts[first...].filter(\.verdict.isFatal)
    guard Set(fatal.map { Rival(origin: $0.origin, table: $0.nftTable) }).count > 1 else { return }
    for i in first..<verdicts.count where verdicts[i].verdict.isFatal {
      verdicts[i].certainty = .likely
      verdicts[i].reasons.append("chains of several tables, of the same priority, drop it")
    }
  }

  private struct Rival: Hashable {
    var origin: RuleOrigin
    var table: NFTTableName?
  }

  /// A verdict the packet may have met, by a rule or, without one, by the chain's policy.
  mutating func end(
    _ verdict: RuleVerdict, _ rule: Rule?, in chain: String, _ counters: RuleCounters?,
    _ mark: KnownMark, _ conditions: [String], _ path: [Rule], note: String? = nil
  ) {
    let reasons = droppedIf + acceptedIf + conditions
    verdicts.append(
      RuleMatch(
        origin: origin, table: table, nftTable: nftTable?.name, chain: chain, rule: rule,
        verdict: verdict, counters: counters, path: path, note: note,
        certainty: reasons.isEmpty ? .certain : .likely,
        reasons: Self.distinct(reasons)))
    if verdict.isFatal {
      droppedIf = Self.distinct(droppedIf + conditions)
    } else {
      pass(mark)
      acceptedIf = Self.distinct(acceptedIf + conditions)
    }
  }

  /// The comment of a map's element that led to the verdicts from a place on.
  mutating func note(_ text: String?, from first: Int) {
    guard let text else { return }
    for i in first..<verdicts.count where verdicts[i].note == nil { verdicts[i].note = text }
  }

  private mutating func pass(_ mark: KnownMark) {
    mayPass = true
    passingMark = passingMark?.merged(with: mark) ?? mark
  }

  /// The packet may have met an end that the walk did not see.
  mutating func leak(_ reasons: [String], _ mark: KnownMark) {
    pass(mark)
    droppedIf = Self.distinct(droppedIf + reasons)
  }

  private static func distinct(_ reasons: [String]) -> [String] {
    var seen: Set<String> = []
    return Array(reasons.filter { seen.insert($0).inserted }.prefix(reasonLimit))
  }
}
