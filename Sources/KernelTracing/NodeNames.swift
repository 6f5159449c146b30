public import FlowModel

/// Names for the numbers in events: namespaces and their devices, looked up when first asked
/// for and kept, so that a namespace that goes meanwhile keeps its name.
public final class NodeNames {
  private var namespaces: [UInt32: NetworkNamespace] = [:]
  private var inventories: [UInt32: NamespaceInventory] = [:]
  private var unknown: Set<UInt32> = []
  private let traced: [UInt32]

  /// `traced`: the namespaces whose addresses count as known ends.
  public init(traced: [NetworkNamespace]) {
    self.traced = traced.map(\.inode)
    for namespace in traced {
      namespaces[namespace.inode] = namespace
      refresh(namespace)
    }
  }

  /// The namespace itself, if it is still there.
  public func namespace(_ inode: UInt32) -> NetworkNamespace? {
    known(inode).flatMap { $0.isGone ? nil : $0 }
  }

  /// Lets go of namespaces that are gone; their names are kept.
  public func releaseNamespaces() {
    for namespace in namespaces.values { _ = namespace.isGone }
  }

  private func known(_ inode: UInt32) -> NetworkNamespace? {
    if let known = namespaces[inode] { return known }
    guard !unknown.contains(inode) else { return nil }
    let all = (try? NetworkNamespace.all()) ?? []
    for namespace in all where namespaces[namespace.inode] == nil {
      namespaces[namespace.inode] = namespace
    }
    if namespaces[inode] == nil { unknown.insert(inode) }
    return namespaces[inode]
  }

  /// Its name, or `netns N`.
  public func name(of inode: UInt32) -> String {
    known(inode)?.name ?? "netns \(inode)"
  }

  /// A device's name, or `ifN`.
  public func interface(_ index: UInt32, in inode: UInt32) -> String {
    if let name = inventories[inode]?.interfaces[index]?.name { return name }
    if let namespace = namespace(inode) { refresh(namespace) }
    return inventories[inode]?.interfaces[index]?.name ?? "if\(index)"
  }

  /// Devices are looked up again: names of those that come later are wanted, too, and those
  /// that went must keep theirs.
  private func refresh(_ namespace: NetworkNamespace) {
    guard let now = try? namespace.inventory() else { return }
    guard let before = inventories[namespace.inode] else {
      inventories[namespace.inode] = now
      return
    }
    inventories[namespace.inode] = NamespaceInventory(
      interfaces: before.interfaces.merging(now.interfaces) { _, new in new },
      addresses: now.addresses)
  }

  /// Devices of a traced namespace that are there now.
  public func learn(_ interfaces: [UInt32: Interface], in inode: UInt32) {
    inventories[inode]?.interfaces.merge(interfaces) { _, new in new }
  }

  /// Among the traced namespaces the one that has the address.
  public func owner(of address: Address) -> UInt32? {
    traced.first { inventories[$0]?.addresses.contains(address) ?? false }
  }

  /// The addresses of a namespace.
  public func addresses(of inode: UInt32) -> Set<Address> {
    if inventories[inode] == nil, let namespace = namespace(inode) { refresh(namespace) }
    return inventories[inode]?.addresses ?? []
  }
}
