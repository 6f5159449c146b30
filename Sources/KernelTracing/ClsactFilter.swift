#if canImport(Glibc)
  internal import Glibc
#endif
internal import CLibbpf

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
    var hook = Self.hook(interface.index, BPF_TC_INGRESS.rawValue | BPF_TC_EGRESS.rawValue)
    ClsactJournal.note(interface.index, in: namespace.inode)
    let created = unsafe bpf_tc_hook_create(&hook)
    guard created == 0 || created == -EEXIST else {
      throw .errno("cannot add a clsact qdisc to \(interface.name)", -created)
    }
    ownsQdisc = created == 0
    if created == -EEXIST { ClsactJournal.forget(interface.index, in: namespace.inode) }
    for (program, point) in [
      (ingress, BPF_TC_INGRESS.rawValue), (egress, BPF_TC_EGRESS.rawValue),
    ] {
      var hook = Self.hook(interface.index, point)
      var options = Self.options()
      options.prog_fd = program
      options.flags = UInt32(BPF_TC_F_REPLACE.rawValue)
      let result = unsafe bpf_tc_attach(&hook, &options)
      guard result == 0 else {
        Self.remove(from: interface.index, alsoQdisc: ownsQdisc)
        ClsactJournal.forget(interface.index, in: namespace.inode)
        throw .errno("cannot attach to device \(interface.name)", -result)
      }
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
    for point in [BPF_TC_INGRESS.rawValue, BPF_TC_EGRESS.rawValue] {
      var hook = hook(index, point)
      var options = options()
      _ = unsafe bpf_tc_detach(&hook, &options)
    }
    guard alsoQdisc, !hasFilters(index) else { return }
    var hook = hook(index, BPF_TC_INGRESS.rawValue | BPF_TC_EGRESS.rawValue)
    _ = unsafe bpf_tc_hook_destroy(&hook)
  }

  /// Whether any filter is left on the device's clsact qdisc.
  private static func hasFilters(_ index: UInt32) -> Bool {
    kft_clsact_has_filters(Int32(index)) != 0
  }

  private static func hook(_ index: UInt32, _ point: UInt32) -> bpf_tc_hook {
    var hook = bpf_tc_hook()
    hook.sz = MemoryLayout<bpf_tc_hook>.size
    hook.ifindex = Int32(index)
    hook.attach_point = bpf_tc_attach_point(rawValue: point)
    return hook
  }

  private static func options() -> bpf_tc_opts {
    var options = bpf_tc_opts()
    options.sz = MemoryLayout<bpf_tc_opts>.size
    options.handle = handle
    options.priority = priority
    return options
  }
}
