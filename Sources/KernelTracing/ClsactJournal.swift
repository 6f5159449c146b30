internal import CLibbpf
internal import Glibc

/// Which devices have our filters and which of their qdiscs we made, on disk, so that the next start
/// can take away what kill -9 left: one empty file a device, named `PID.NETNS.IFINDEX.QDISC` with
/// QDISC 1 if the qdisc is ours.
enum ClsactJournal {
  private static let folder = "/run/kflowtrace"

  private static func path(_ index: UInt32, _ netns: UInt32, _ ownsQdisc: Bool) -> String {
    "\(folder)/\(getpid()).\(netns).\(index).\(ownsQdisc ? 1 : 0)"
  }

  /// Before a qdisc is made; it will be ours if there is none.
  static func note(_ index: UInt32, in netns: UInt32) {
    unsafe mkdir(folder, 0o700)
    let descriptor = unsafe creat(path(index, netns, true), 0o600)
    if descriptor >= 0 { close(descriptor) }
  }

  /// The qdisc was there already: only the filters are ours.
  static func disown(_ index: UInt32, in netns: UInt32) {
    _ = unsafe rename(path(index, netns, true), path(index, netns, false))
  }

  /// After all was removed.
  static func forget(_ index: UInt32, in netns: UInt32) {
    unsafe unlink(path(index, netns, true))
    unsafe unlink(path(index, netns, false))
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
      let words = name.split(separator: ".", omittingEmptySubsequences: false)
      let parts = words.compactMap { UInt32($0) }
      // whatever else lies there is not ours; pid 0 and -1 would mean more than one process
      guard words.count == 4, parts.count == 4, let pid = Int32(exactly: parts[0]), pid > 0,
        kill(pid, 0) != 0
      else { continue }
      if let entry = namespaces.first(where: { $0.inode == parts[1] }),
        let namespace = try? NetworkNamespace.named(entry.path)
      {
        try? namespace.inside { () throws(TracingError) in
          ClsactFilter.remove(from: parts[2], alsoQdisc: parts[3] == 1)
        }
      }
      unsafe unlink("\(folder)/\(name)")
    }
    unsafe rmdir(folder)
  }
}
