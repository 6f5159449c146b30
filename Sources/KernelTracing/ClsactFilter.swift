internal import CLibbpf
internal import Glibc

/// Our filters on one device's clsact qdisc, for kernels before tcx. Everybody else's filters
/// and qdiscs stay as they are.
final class ClsactFilter {
  /// Ours alone, so that leftovers of a killed process can be told and swept.
  static let handle: UInt32 = 0x6b66  // "kf"
  static let priority: UInt32 = 0x6b66

  private let namespace: NetworkNamespace
  private let interface: Interface
  private let ownsQdisc: Bool

  /// Adds the filters; the calling thread is in `namespace`.
  init(
    on interface: Interface, in namespace: NetworkNamespace, ingress: Int32, egress: Int32
  ) throws(TracingError) {
    self.interface = interface
    self.namespace = namespace
    kft_log_reset()
    let index = Int32(interface.index)
    ClsactJournal.note(interface.index, in: namespace.inode)
    let created = kft_clsact_create(index)
    ownsQdisc = created == 0
    if created == -EEXIST { ClsactJournal.disown(interface.index, in: namespace.inode) }
    var result = created == -EEXIST ? 0 : created
    for (program, isEgress) in [(ingress, Int32(0)), (egress, 1)] where result == 0 {
      result = kft_clsact_attach(index, isEgress, program, Self.handle, Self.priority)
    }
    guard result == 0 else {
      if created == 0 || created == -EEXIST {
        Self.remove(from: interface.index, alsoQdisc: ownsQdisc)
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
      Self.remove(from: interface.index, alsoQdisc: ownsQdisc)
    }
    ClsactJournal.forget(interface.index, in: namespace.inode)
  }

  /// Removes our filters from a device of the current namespace, and the qdisc if it is ours
  /// and nobody else has put a filter on it since.
  static func remove(from index: UInt32, alsoQdisc: Bool) {
    for isEgress in [Int32(0), 1] {
      _ = kft_clsact_detach(Int32(index), isEgress, handle, priority)
    }
    if alsoQdisc, kft_clsact_has_filters(Int32(index)) == 0 {
      _ = kft_clsact_destroy(Int32(index))
    }
  }
}
