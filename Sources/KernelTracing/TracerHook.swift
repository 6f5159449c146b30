/// A place in the kernel that a tracer wants to be at.
public struct TracerHook: Hashable, Sendable {
  public enum Kind: String, Sendable {
    /// A raw tracepoint.
    case tracepoint
    /// A network device of the traced namespaces, both directions.
    case device
    /// A kernel function.
    case kprobe
    /// A netfilter hook, IPv4 and IPv6.
    case netfilter
  }

  public var kind: Kind
  public var name: String
  public var isAttached: Bool

  init(_ kind: Kind, _ name: String, isAttached: Bool) {
    self.kind = kind
    self.name = name
    self.isAttached = isAttached
  }
}
