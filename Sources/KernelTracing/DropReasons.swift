/// Names of the drop reasons of the running kernel, from its BTF.
public struct DropReasons: Sendable {
  private let names: [UInt32: String]
  /// Names of the kernel's parts that have reasons of their own, by the upper 16 bits of those
  /// (`enum skb_drop_reason_subsys`), as in `openvswitch`.
  public let subsystems: [UInt32: String]

  private static let prefix = "SKB_DROP_REASON_"
  /// Parts with an enum of their own, in modules mostly: net/openvswitch/drop.h, net/mac80211/drop.h.
  private static let parts = [
    (module: "openvswitch", type: "ovs_drop_reason"),
    (module: "mac80211", type: "mac80211_drop_reason"),
  ]

  /// Empty before Linux 5.17, which has no reasons. Those of modules are there while these are loaded.
  public static func ofRunningKernel() -> DropReasons {
    guard let btf = KernelBTF() else { return DropReasons(names: [:], subsystems: [:]) }
    var names: [UInt32: String] = [:]
    for part in parts {
      let own = btf.enumerators(of: part.type)
      for (value, name) in own.isEmpty ? btf.enumerators(of: part.type, module: part.module) : own {
        let number = UInt32(truncatingIfNeeded: value)
        if number >> 16 != 0 { names[number] = name }
      }
    }
    for (value, name) in btf.enumerators(of: "skb_drop_reason") {
      names[UInt32(truncatingIfNeeded: value)] = plain(name)
    }
    var subsystems: [UInt32: String] = [:]
    for (value, name) in btf.enumerators(of: "skb_drop_reason_subsys") where value > 0 {
      let part = plain(name).dropFirst("SUBSYS_".count).lowercased()
      if part != "num" { subsystems[UInt32(truncatingIfNeeded: value)] = part }  // their count
    }
    return DropReasons(names: names, subsystems: subsystems)
  }

  private static func plain(_ name: String) -> String {
    name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }

  /// Every one, by number.
  public var all: [(value: UInt32, name: String)] {
    names.map { (value: $0.key, name: $0.value) }.sorted { $0.value < $1.value }
  }

  /// The name without its prefix. A reason of a subsystem (upper 16 bits) whose module does not tell
  /// its names is numbers; kernels without reasons give `NOT_SPECIFIED`.
  public func name(of reason: UInt32) -> String {
    if let name = names[reason] { return name }
    if reason >> 16 != 0 { return "SUBSYSTEM_\(reason >> 16)_\(reason & 0xffff)" }
    return names.isEmpty ? "NOT_SPECIFIED" : "REASON_\(reason)"
  }
}
