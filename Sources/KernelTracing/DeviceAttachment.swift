internal import CLibbpf
internal import Glibc

/// Every device of one namespace.
final class DeviceAttachment {
  /// How their packets are seen.
  enum Way {
    /// tc programs by tcx links.
    case links
    /// tc programs by clsact filters, where the kernel has no tcx.
    case filters
    /// By tracepoints, which are not of a device: nothing is attached here.
    case tracepoints
  }

  private struct Key: Hashable {
    var interface: UInt32
    var isEgress: Bool
  }

  let namespace: NetworkNamespace
  /// Names of the devices whose packets are seen now.
  var attached: [String] {
    if way == .tracepoints { return interfaces.values.map(\.name).filter { $0 != "lo" }.sorted() }
    let indexes = Set(links.keys.map(\.interface)).union(filters.keys)
    return indexes.compactMap { interfaces[$0]?.name }.sorted()
  }

  private let ingress: Int32
  private let egress: Int32
  private let way: Way
  /// Device names to keep to; `nil` is all but loopback.
  private let only: Set<String>?
  private let monitor: OwnedDescriptor
  private var links: [Key: Link] = [:]
  private var filters: [UInt32: ClsactFilter] = [:]
  /// Removes the filters if we can't.
  private var guardian: ClsactGuard?
  /// Devices seen at the last look, by index.
  private(set) var interfaces: [UInt32: Interface] = [:]

  /// Attaches to the devices there are; a failure leaves nothing behind.
  init(
    _ namespace: NetworkNamespace, ingress: Int32, egress: Int32, way: Way,
    only: Set<String>?
  ) throws(TracingError) {
    self.namespace = namespace
    self.ingress = ingress
    self.egress = egress
    self.way = way
    self.only = only
    monitor = try namespace.inside { () throws(TracingError) in
      try OwnedDescriptor(kft_link_monitor(), orThrow: "cannot watch devices")
    }
    try rescan()
  }

  /// Gives the links away, which are all that holds the programs where there are tcx links.
  func takeLinks() -> [Link] {
    defer { links = [:] }
    return Array(links.values)
  }

  /// Follows devices that came or went since the last call; whether there were any.
  func follow() throws(TracingError) -> Bool {
    guard kft_drain(monitor.raw) != 0 else { return false }
    try rescan()
    return true
  }

  private func rescan() throws(TracingError) {
    interfaces = try namespace.inside { NetworkNamespace.currentInterfaces() }
    guard way != .tracepoints else { return }
    for index in filters.keys where interfaces[index] == nil { filters[index] = nil }
    for key in links.keys where interfaces[key.interface] == nil { links[key] = nil }
    let fresh = interfaces.values.filter { interface in
      (only?.contains(interface.name) ?? (interface.name != "lo"))
        && filters[interface.index] == nil
        && links[Key(interface: interface.index, isEgress: true)] == nil
    }
    guard !fresh.isEmpty else { return }
    // from outside: a process in the namespace would keep it alive
    if way == .filters, guardian == nil { guardian = ClsactGuard.shared() }
    try namespace.inside { () throws(TracingError) in try attach(fresh) }
  }

  private func attach(_ fresh: [Interface]) throws(TracingError) {
    for interface in fresh.sorted(by: { $0.index < $1.index }) {
      do {
        try attach(interface)
      } catch {
        // gone between the listing and now
        if unsafe if_nametoindex(interface.name) == interface.index { throw error }
      }
    }
  }

  private func attach(_ interface: Interface) throws(TracingError) {
    if way == .links {
      for isEgress in [false, true] {
        let key = Key(interface: interface.index, isEgress: isEgress)
        guard links[key] == nil else { continue }
        let result = kft_attach_tcx(
          isEgress ? egress : ingress, Int32(interface.index),
          Int32(isEgress ? KFT_ATTACH_TCX_EGRESS : KFT_ATTACH_TCX_INGRESS))
        links[key] = Link(
          try OwnedDescriptor(result, orThrow: "cannot attach to device \(interface.name)"))
      }
    } else {
      filters[interface.index] = try ClsactFilter(
        on: interface, in: namespace, ingress: ingress, egress: egress)
    }
  }
}
