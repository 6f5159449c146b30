internal import CLibbpf
internal import Glibc

/// Our filters on one device's clsact qdisc, for kernels before tcx. Everybody else's filters
/// and qdiscs stay as they are.
final class ClsactFilter {
  /// "kf": all of ours are at one priority.
  private static let priority: UInt32 = 0x6b66

  /// Each process has its own handle there, so that several can trace at once, and what one that was
  /// killed left can be told from what others use. A process id has 22 bits.
  private static func handle(of pid: UInt32) -> UInt32 { 0x6b00_0000 | pid & 0xff_ffff }

  private let namespace: NetworkNamespace
  private let interface: Interface
  /// The qdisc is ours, and only we know.
  private let ownsUnnoted: Bool

  /// Adds the filters; the calling thread is in `namespace`.
  init(
    on interface: Interface, in namespace: NetworkNamespace, ingress: Int32, egress: Int32
  ) throws(TracingError) {
    self.interface = interface
    self.namespace = namespace
    kft_log_reset()
    let index = Int32(interface.index)
    let isNoted = ClsactJournal.note(interface.index, in: namespace.inode)
    let created = kft_clsact_create(index)
    ownsUnnoted = created == 0 && !isNoted
    if created == -EEXIST { ClsactJournal.disown(interface.index, in: namespace.inode) }
    var result = created == -EEXIST ? 0 : created
    for (program, isEgress) in [(ingress, Int32(0)), (egress, 1)] where result == 0 {
      result = kft_clsact_attach(
        index, isEgress, program, Self.handle(of: UInt32(getpid())), Self.priority)
    }
    guard result == 0 else {
      if created == 0 || created == -EEXIST {
        removeHere()
      }
      ClsactJournal.forget(interface.index, in: namespace.inode)
      throw .errno(
        "cannot attach to device \(interface.name)", -result,
        "the kernel needs CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS")
    }
  }

  deinit {
    // a namespace or device that is gone took the filter with it
    try? namespace.inside { () throws(TracingError) in
      removeHere()
    }
    ClsactJournal.forget(interface.index, in: namespace.inode)
  }

  private func removeHere() {
    Self.remove(from: interface.index, in: namespace.inode, of: UInt32(getpid()))
    if ownsUnnoted, kft_clsact_has_filters(Int32(interface.index)) == 0 {
      _ = kft_clsact_destroy(Int32(interface.index))
    }
  }

  /// Removes a process's filters from a device of the current namespace (inode `netns`), and the
  /// qdisc if it made that; if somebody has a filter there still, the next of ours that has is to.
  static func remove(from index: UInt32, in netns: UInt32, of pid: UInt32) {
    for isEgress in [Int32(0), 1] {
      _ = kft_clsact_detach(Int32(index), isEgress, handle(of: pid), priority)
    }
    guard ClsactJournal.isOwner(pid, of: index, in: netns) else { return }
    if kft_clsact_has_filters(Int32(index)) == 0 {
      _ = kft_clsact_destroy(Int32(index))
    } else {
      ClsactJournal.handOver(index, in: netns, from: pid)
    }
  }
}
