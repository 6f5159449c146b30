internal import CLibbpf
internal import Glibc

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
    unsafe Self.enumerators(of: name, in: btf)
  }

  /// The same in a loaded module's type information; empty if there is none.
  func enumerators(of name: String, module: String) -> [Int64: String] {
    kft_log_reset()
    guard unsafe access("/sys/kernel/btf/\(module)", R_OK) == 0,
      let split = unsafe btf__load_module_btf(module, btf)
    else { return [:] }
    defer { unsafe btf__free(split) }
    return unsafe Self.enumerators(of: name, in: split)
  }

  private static func enumerators(of name: String, in btf: OpaquePointer) -> [Int64: String] {
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
