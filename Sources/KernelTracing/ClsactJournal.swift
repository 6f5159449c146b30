#if canImport(Glibc)
  internal import Glibc
#endif
internal import CLibbpf

/// Which clsact qdiscs this process made, on disk, so that the next start can take away what
/// kill -9 left: one empty file a device, named `PID.NETNS.IFINDEX`.
enum ClsactJournal {
  private static let folder = "/run/kflowtrace"

  private static func path(_ index: UInt32, _ netns: UInt32) -> String {
    "\(folder)/\(getpid()).\(netns).\(index)"
  }

  /// Before a qdisc is made.
  static func note(_ index: UInt32, in netns: UInt32) {
    unsafe mkdir(folder, 0o700)
    let descriptor = unsafe creat(path(index, netns), 0o600)
    if descriptor >= 0 { close(descriptor) }
  }

  /// After it was removed.
  static func forget(_ index: UInt32, in netns: UInt32) {
    unsafe unlink(path(index, netns))
    unsafe rmdir(folder)  // fails as long as it is in use
  }

  /// Removes filters and qdiscs of processes that are gone.
  static func sweep() {
    guard let directory = unsafe opendir(folder) else { return }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe names.append(String(cString: $0))
        }
      }
    }
    unsafe closedir(directory)
    let namespaces = NamespaceDirectory().scan()
    for name in names {
      let parts = name.split(separator: ".").compactMap { UInt32($0) }
      guard parts.count == 3, kill(Int32(parts[0]), 0) != 0 else { continue }
      if let entry = namespaces.first(where: { $0.inode == parts[1] }),
        let namespace = try? NetworkNamespace.named(entry.path)
      {
        try? namespace.inside { () throws(TracingError) in
          ClsactFilter.remove(from: parts[2], alsoQdisc: true)
        }
      }
      unsafe unlink("\(folder)/\(name)")
    }
    unsafe rmdir(folder)
  }
}
