internal import CLibbpf

/// The running kernel's own type information.
@safe struct KernelBTF: ~Copyable {
  private let btf: OpaquePointer

  /// `nil` if the kernel has none.
  init?() {
    kft_log_reset()
    guard let loaded = unsafe btf__load_vmlinux_btf() else { return nil }
    unsafe btf = loaded
  }

  deinit { unsafe btf__free(btf) }

  func hasStruct(_ name: String) -> Bool {
    unsafe btf__find_by_name_kind(btf, name, UInt32(BTF_KIND_STRUCT)) > 0
  }

  /// Enumerators of an enum by value; empty if it does not exist.
  func enumerators(of name: String) -> [Int64: String] {
    let type = unsafe btf__find_by_name_kind(btf, name, UInt32(BTF_KIND_ENUM))
    guard type > 0 else { return [:] }
    var result: [Int64: String] = [:]
    var value: Int64 = 0
    var i: Int32 = 0
    while let text = unsafe kft_btf_enumerator(btf, type, i, &value) {
      result[value] = unsafe String(cString: text)
      i += 1
    }
    return result
  }
}

/// Names of the drop reasons of the running kernel, from its BTF.
public struct DropReasons: Sendable {
  private let names: [UInt32: String]
  private static let prefix = "SKB_DROP_REASON_"

  /// Empty before Linux 5.17, which has no reasons.
  public static func ofRunningKernel() -> DropReasons {
    var names: [UInt32: String] = [:]
    for (value, name) in KernelBTF()?.enumerators(of: "skb_drop_reason") ?? [:] {
      names[UInt32(truncatingIfNeeded: value)] =
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }
    return DropReasons(names: names)
  }

  /// Every one, by number.
  public var all: [(value: UInt32, name: String)] {
    names.map { (value: $0.key, name: $0.value) }.sorted { $0.value < $1.value }
  }

  /// The name without its prefix. A reason of a subsystem (upper 16 bits) is numbers;
  /// kernels without reasons give `NOT_SPECIFIED`.
  public func name(of reason: UInt32) -> String {
    if let name = names[reason] { return name }
    if reason >> 16 != 0 { return "SUBSYSTEM_\(reason >> 16)_\(reason & 0xffff)" }
    return names.isEmpty ? "NOT_SPECIFIED" : "REASON_\(reason)"
  }
}
