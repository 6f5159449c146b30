/// What a drop reason of the kernel means, in our words.
public struct ReasonWords: Sendable {
  /// How much a drop for this reason says that something is wrong.
  public enum Weight: String, Sendable, Codable {
    /// Freed in the course of things: no fault, whatever flow it is in, and not called a drop.
    case harmless
    /// Seen in healthy networks; a fault if there are many, or if a connection fails with it.
    case usual
    /// Something is wrong.
    case fault
  }

  /// Without `SKB_DROP_REASON_`, as in include/net/dropreason-core.h.
  public let name: String
  /// Whose part of the network it is seen in; `nil` if it may be anybody's.
  public let layer: Layer?
  public let weight: Weight
  /// What happened, one sentence.
  public let what: String
  /// What is usually behind it.
  public let usually: String
  /// Commands that show more, with words in capitals to fill in.
  public let check: [String]
  /// What to do about it.
  public let fix: String
  /// Identifiers of our causes that a flow with such a drop may be explained by.
  public let causes: [String]

  /// Whether packets freed for this reason are no drops to speak of.
  public var isHarmless: Bool { weight == .harmless }

  init(
    _ name: String, _ layer: Layer?, _ weight: Weight, _ what: String, _ usually: String,
    check: [String] = [], fix: String = "nothing to do", causes: [String] = []
  ) {
    self.name = name
    self.layer = layer
    self.weight = weight
    self.what = what
    self.usually = usually
    self.check = check
    self.fix = fix
    self.causes = causes
  }

  /// All there are words for, in no order of the kernel's.
  public static let all: [ReasonWords] =
    general + netfilter + ip + ipv6 + neighbour + device + queues + tunnel + openVSwitch
    + tcp + tcpSequence + tcpOptions + sockets

  private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

  /// By the kernel's name, with or without its prefix, in any case.
  public init?(named text: String) {
    guard let known = Self.byName[Self.plain(text)] else { return nil }
    self = known
  }

  /// A reason's name as we write it: in capitals, without `SKB_DROP_REASON_`.
  public static func plain(_ text: String) -> String {
    let name = text.uppercased()
    let prefix = "SKB_DROP_REASON_"
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }

  /// Whether an enumerator stands for no reason: the end of a range, a mask, a number of a part.
  public static func isPlaceholder(_ name: String) -> Bool {
    name == "MAX" || name == "SKB_NOT_DROPPED_YET" || name.hasPrefix("SUBSYS_")
      || name.hasPrefix("__") || name == "OVS_DROP_MAX"
  }
}
