internal import CLibbpf
internal import Glibc
internal import Synchronization

/// Which devices have our filters and which of their qdiscs we made, on disk, so that the next start
/// can take away what kill -9 left: one empty file a device, named `PID.NETNS.IFINDEX.QDISC` with
/// QDISC 1 if the qdisc is ours.
enum ClsactJournal {
  private static let folder = "/run/kflowtrace"

  private static func path(
    _ index: UInt32, _ netns: UInt32, _ ownsQdisc: Bool, pid: UInt32 = UInt32(getpid())
  ) -> String {
    "\(folder)/\(pid).\(netns).\(index).\(ownsQdisc ? 1 : 0)"
  }

  /// The file noted last.
  private static let last = Mutex<String?>(nil)

  /// Before a qdisc is made; it will be ours if there is none. False for who may not write it down.
  static func note(_ index: UInt32, in netns: UInt32) -> Bool {
    let file = path(index, netns, true)
    return last.withLock { last in
      // another name of an empty file is made sooner than another file, and there may be hundreds
      if let before = last, unsafe link(before, file) == 0 { return true }
      unsafe mkdir(folder, 0o700)
      let descriptor = unsafe creat(file, 0o600)
      guard descriptor >= 0 else { return false }
      close(descriptor)
      last = file
      return true
    }
  }

  /// The qdisc was there already: only the filters are ours.
  static func disown(_ index: UInt32, in netns: UInt32) {
    _ = unsafe rename(path(index, netns, true), path(index, netns, false))
  }

  /// Whether a process made the device's qdisc, or was handed it.
  static func isOwner(_ pid: UInt32, of index: UInt32, in netns: UInt32) -> Bool {
    unsafe access(path(index, netns, true, pid: pid), F_OK) == 0
  }

  /// Another process of ours that uses the qdisc removes it when it is done.
  static func handOver(_ index: UInt32, in netns: UInt32, from pid: UInt32) {
    let heir = entries().first { $0.index == index && $0.netns == netns && $0.pid != pid }
    guard let heir else { return }
    _ = unsafe rename(
      path(index, netns, false, pid: heir.pid), path(index, netns, true, pid: heir.pid))
  }

  /// After all was removed.
  static func forget(_ index: UInt32, in netns: UInt32) {
    unsafe unlink(path(index, netns, true))
    unsafe unlink(path(index, netns, false))
    unsafe rmdir(folder)  // fails as long as it is in use
  }

  private struct Entry {
    var pid: UInt32
    var netns: UInt32
    var index: UInt32
    var name: String

    /// `nil` for whatever else lies there.
    init?(_ name: String) {
      let words = name.split(separator: ".", omittingEmptySubsequences: false)
      let numbers = words.compactMap { UInt32($0) }
      // pid 0 and -1 would mean more than one process
      guard words.count == 4, numbers.count == 4, Int32(exactly: numbers[0]) ?? 0 > 0 else {
        return nil
      }
      pid = numbers[0]
      netns = numbers[1]
      index = numbers[2]
      self.name = name
    }

    /// Somebody else's is, too.
    var isAlive: Bool { kill(Int32(pid), 0) == 0 || errno == EPERM }
  }

  private static func entries() -> [Entry] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe names.append(String(cString: $0))
        }
      }
    }
    return names.compactMap { Entry($0) }
  }

  /// How many devices have filters of processes that are gone.
  static var leftovers: Int {
    Set(entries().filter { !$0.isAlive }.map { [$0.netns, $0.index] }).count
  }

  /// Removes filters and qdiscs of processes that are gone, or of one that is about to be.
  static func sweep(of pid: UInt32? = nil) {
    let dead = entries().filter { $0.pid == pid || pid == nil && !$0.isAlive }
    guard !dead.isEmpty else { return }
    let namespaces = NamespaceDirectory().scan()
    for entry in dead {
      if let found = namespaces.first(where: { $0.inode == entry.netns }),
        let namespace = try? NetworkNamespace.named(found.path)
      {
        try? namespace.inside { () throws(TracingError) in
          ClsactFilter.remove(from: entry.index, in: entry.netns, of: entry.pid)
        }
      }
      unsafe unlink("\(folder)/\(entry.name)")
    }
    unsafe rmdir(folder)
  }
}
