internal import CNode
internal import Glibc

/// What this process may do. The kernel keeps it by thread: a new thread has what the one had that made
/// it.
public enum Privilege {
  /// Gives up for good all but these, on this thread, for it and what it starts: they are no more in
  /// effect until ``raise(_:)``, and programs it runs can have no others. To be called while there is
  /// no other thread.
  public static func restrict(to wanted: Capabilities) {
    guard var mine = sets() else { return }
    if wanted.contains(.bpf) { kft_unlimit_memlock() }
    let kept = wanted.intersection(Capabilities(rawValue: mine.permitted))
    // both before CAP_SETPCAP goes; without it what we run is no more limited than it was
    kft_limit_bounding_set(kept.rawValue)
    kft_forbid_new_privileges()
    // ambient ones, by which who is not root passes on what it has, go with the inheritable
    mine.effective = 0
    mine.permitted = kept.rawValue
    mine.inheritable &= kept.rawValue
    let result = kft_set_capabilities(mine)
    precondition(result == 0, "less than before is always granted")
  }

  /// What this thread can have in effect.
  public static var permitted: Capabilities {
    Capabilities(rawValue: sets()?.permitted ?? 0)
  }

  /// Has those of `wanted` that are permitted in effect until ``Raised/end()``, on this thread: a
  /// function that calls both must not suspend between.
  public static func raise(_ wanted: Capabilities = .tracing) -> Raised {
    guard var mine = sets() else { return Raised(effective: nil) }
    let before = mine.effective
    mine.effective |= wanted.rawValue & mine.permitted
    guard mine.effective != before else { return Raised(effective: nil) }
    _ = kft_set_capabilities(mine)
    return Raised(effective: before)
  }

  /// What is in effect for a while.
  public struct Raised {
    /// What was before; `nil` if nothing changed.
    fileprivate let effective: UInt64?

    /// Back to what was in effect before.
    public func end() {
      guard let effective, var mine = sets() else { return }
      mine.effective = effective
      _ = kft_set_capabilities(mine)
    }
  }

  private static func sets() -> kft_capability_sets? {
    var mine = kft_capability_sets()
    return unsafe kft_get_capabilities(&mine) == 0 ? mine : nil
  }
}
