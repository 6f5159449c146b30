internal import CLibbpf
internal import Glibc
internal import Privileges

/// What is on the node's devices already, ours and others'. Looks; changes nothing.
public struct NodeResidue: Sendable {
  /// Devices of the current namespace that have tc programs or filters, by name.
  public var devicesWithPrograms: [String]
  /// Devices of any namespace with filters of a tracer that was killed.
  public var leftovers: Int

  public static func look() -> NodeResidue {
    let raised = Privilege.raise()
    defer { raised.end() }
    let devices = NetworkNamespace.currentInterfaces().values.filter { device in
      let index = Int32(device.index)
      return kft_tcx_programs(index, Int32(KFT_ATTACH_TCX_INGRESS)) > 0
        || kft_tcx_programs(index, Int32(KFT_ATTACH_TCX_EGRESS)) > 0
        || kft_clsact_has_filters(index) != 0
    }
    return NodeResidue(
      devicesWithPrograms: devices.map(\.name).sorted(), leftovers: ClsactJournal.leftovers)
  }

  /// Bytes this process may lock in memory, which limits BPF maps before Linux 5.11; `nil` is no
  /// limit.
  public static var lockableMemory: UInt64? {
    let limit = kft_memlock_limit()
    return limit == UInt64.max ? nil : limit
  }
}
