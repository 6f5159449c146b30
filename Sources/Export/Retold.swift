internal import FlowModel
public import Recording

/// One connection among those of several traces.
struct FlowIdentity: Hashable {
  /// What traces differ in.
  var clock: HeaderRecord.Clock?
  var id: UInt64

  init(_ flow: FlowRecord, _ header: HeaderRecord?) {
    clock = header?.clock
    id = flow.id
  }
}

/// Which connections a recording tells again: one that got no answer is told, and once more if it is
/// answered after all. The last word counts.
public struct Retold {
  /// Those that may be told again.
  private var unanswered: Set<FlowIdentity> = []
  /// How many times each is told before the last.
  private var superseded: [FlowIdentity: Int] = [:]

  public init() {}

  /// On the first reading, each connection in order.
  public mutating func learn(_ flow: FlowRecord, _ header: HeaderRecord?) {
    let identity = FlowIdentity(flow, header)
    if unanswered.remove(identity) != nil { superseded[identity, default: 0] += 1 }
    if flow.state == .noAnswer { unanswered.insert(identity) }
  }

  /// On the second, in the same order: whether it is told again later.
  public mutating func takesBack(_ flow: FlowRecord, _ header: HeaderRecord?) -> Bool {
    let identity = FlowIdentity(flow, header)
    guard let count = superseded[identity] else { return false }
    superseded[identity] = count > 1 ? count - 1 : nil
    return true
  }
}
