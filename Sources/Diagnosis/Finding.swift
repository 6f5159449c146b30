/// One thing tracing needs or can use.
public struct Finding: Codable, Hashable, Sendable {
  public enum State: String, Codable, Sendable {
    /// There.
    case ok
    /// Not there, and nothing is lost by it.
    case note
    /// Not there, and something is lost.
    case missing
    /// Not there, and nothing can be traced.
    case fatal
  }

  public var name: String
  public var state: State
  public var detail: String
  /// What it costs the user that it is missing.
  public var costs: String?
  /// How to get it.
  public var get: String?

  init(_ name: String, _ state: State, _ detail: String, costs: String? = nil, get: String? = nil) {
    self.name = name
    self.state = state
    self.detail = detail
    self.costs = costs
    self.get = get
  }
}
