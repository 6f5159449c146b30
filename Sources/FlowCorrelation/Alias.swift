internal import FlowModel

/// Both directions of a tuple under one key; loopback traffic is told apart by namespace.
struct Alias: Hashable {
  private let low: Address
  private let high: Address
  /// Of `low` and `high`.
  private let ports: UInt32
  private let netns: UInt32
  private let proto: IPProtocol

  init(_ tuple: Tuple, netns: UInt32) {
    let (source, destination) = (tuple.source, tuple.destination)
    let isOrdered =
      source.address == destination.address
      ? source.port < destination.port : source.address < destination.address
    let (a, b) = isOrdered ? (source, destination) : (destination, source)
    low = a.address
    high = b.address
    ports = UInt32(a.port) << 16 | UInt32(b.port)
    proto = tuple.proto
    self.netns = source.address.isLoopback ? netns : 0
  }

  /// Secret numbers: whoever sends packets is not to choose which keys collide.
  private static let seeds = (0..<4).map { _ in UInt64.random(in: 1 ... .max) | 1 }
  private static let (first, second, third, fourth) = (seeds[0], seeds[1], seeds[2], seeds[3])

  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  /// One word, mixed here: the hasher takes its time for each byte.
  func hash(into hasher: inout Hasher) {
    let rest = UInt64(ports) << 32 | UInt64(netns ^ UInt32(proto.rawValue) << 24)
    hasher.combine(
      Self.fold(low.low ^ Self.first, high.low ^ Self.second)
        ^ Self.fold(low.high ^ high.high.byteSwapped ^ Self.third, rest ^ Self.fourth))
  }
}

/// Which flow a tuple is of.
struct AliasTable {
  private var builders: [Alias: FlowBuilder] = [:]
  /// The one found last: a packet's sightings come one after the other.
  private var last: Alias?
  private var lastBuilder: FlowBuilder?
  /// How often a tuple went from one flow to another.
  private(set) var changes = 0

  /// The flow the tuple is of.
  mutating func find(_ alias: Alias) -> FlowBuilder? {
    if last == alias { return lastBuilder }
    (last, lastBuilder) = (alias, builders[alias])
    return lastBuilder
  }

  /// The tuple is of this flow from now on.
  mutating func set(_ alias: Alias, _ builder: FlowBuilder) {
    if let before = builders.updateValue(builder, forKey: alias) {
      guard before !== builder else { return }
      changes += 1
    }
    (last, lastBuilder) = (alias, builder)
    builder.noteAlias(alias)
  }

  /// Those that are of this flow still are of none.
  mutating func forget(_ builder: FlowBuilder) {
    for alias in builder.aliases where builders[alias] === builder { builders[alias] = nil }
    (last, lastBuilder) = (nil, nil)
  }

  /// Those that are of one flow are of another one.
  mutating func move(from other: FlowBuilder, to builder: FlowBuilder) {
    for alias in other.aliases where builders[alias] === other { set(alias, builder) }
  }
}
