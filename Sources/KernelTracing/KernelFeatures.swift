internal import CLibbpf
internal import CNode
internal import Glibc
internal import Privileges

/// What the running kernel offers and what this process may do.
public struct KernelFeatures: Sendable {
  /// `uname -r`.
  public var release: String
  /// `/sys/kernel/btf/vmlinux` is there.
  public var hasBTF: Bool
  /// The kprobe perf event source is there (CONFIG_KPROBES).
  public var hasKprobes: Bool
  /// BPF_PROG_TYPE_NETFILTER links (Linux 6.4 and later, CONFIG_NETFILTER_BPF_LINK).
  public var hasNetfilterLinks: Bool
  /// tcx links (Linux 6.6 and later).
  public var hasTCX: Bool
  /// Names of the capabilities tracing needs and this process lacks.
  public var missingCapabilities: [String]
  /// CAP_SYS_ADMIN, which entering a namespace takes.
  public var canEnterNamespaces: Bool
  /// The mode of the lockdown LSM, `none`, `integrity` or `confidentiality`; `nil` without it.
  public var lockdown: String?

  /// Whether netfilter can be watched that way.
  public func has(_ backend: Backend) -> Bool {
    switch backend {
    case .kprobe: hasKprobes
    case .netfilter: hasNetfilterLinks
    }
  }

  /// Looks; changes nothing.
  public static func probe() -> KernelFeatures {
    let raised = Privilege.raise()
    defer { raised.end() }
    var system = utsname()
    unsafe uname(&system)
    let release = unsafe withUnsafeBytes(of: system.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return KernelFeatures(
      release: release,
      hasBTF: unsafe access("/sys/kernel/btf/vmlinux", R_OK) == 0,
      hasKprobes: unsafe access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0,
      hasNetfilterLinks: has(kft_has_netfilter_programs(), type: "bpf_nf_link"),
      hasTCX: has(kft_has_tcx(), type: "tcx_link"),
      missingCapabilities: Privilege.permitted.missingForTracing,
      canEnterNamespaces: Privilege.permitted.contains(.sysAdmin),
      lockdown: lockdownMode())
  }

  /// By the kernel's answer, or by its types if this process may not ask: reading those takes longer.
  private static func has(_ answer: Int32, type: String) -> Bool {
    answer >= 0 ? answer == 1 : KernelBTF()?.hasStruct(type) ?? false
  }

  /// `[none] integrity confidentiality`: the one in brackets.
  private static func lockdownMode() -> String? {
    guard let text = try? String(reading: "/sys/kernel/security/lockdown"),
      let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]")
    else { return nil }
    return String(text[text.index(after: open)..<close])
  }

  /// Throws with exit code 77 or 69 when tracing can't work here at all.
  public func requireTracing() throws(TracingError) {
    guard missingCapabilities.isEmpty else {
      throw TracingError(
        .privilege,
        "missing \(missingCapabilities.joined(separator: ", ")): run as root, or in a privileged "
          + "pod on the node (`kubectl debug node/NAME --profile=sysadmin`)")
    }
    guard hasBTF else {
      throw TracingError(
        .kernel,
        "this kernel (\(release)) has no BTF at /sys/kernel/btf/vmlinux: it takes a kernel built "
          + "with CONFIG_DEBUG_INFO_BTF (5.8 or later; all distributions' current kernels have it)")
    }
  }
}

extension [UInt8] {
  /// A whole file; throws what open or read say.
  init(reading path: String) throws(TracingError) {
    let file = try OwnedDescriptor(unsafe kft_open(path), orThrow: "cannot read \(path)")
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let n = unsafe chunk.withUnsafeMutableBytes {
        unsafe read(file.raw, $0.baseAddress, $0.count)
      }
      if n < 0 { throw .errno("cannot read \(path)", Glibc.errno) }
      if n == 0 { break }
      bytes.append(contentsOf: chunk[..<n])
    }
    self = bytes
  }
}

extension String {
  /// A whole small file as text; throws what open or read say.
  init(reading path: String) throws(TracingError) {
    self = String(decoding: try [UInt8](reading: path), as: UTF8.self)
  }
}
