internal import Glibc
internal import Privileges

/// Which network namespaces the node has, by name and by process.
struct NamespaceDirectory {
  struct Entry {
    var inode: UInt32
    var name: String
    var path: String
  }

  /// Where container runtimes and `ip netns` keep named namespaces.
  private static let folders = ["/run/netns", "/run/docker/netns"]

  /// Every namespace, once; named ones first.
  func scan() -> [Entry] {
    let raised = Privilege.raise()
    defer { raised.end() }
    var seen: Set<UInt32> = []
    var result: [Entry] = []
    func add(_ path: String, _ name: String) {
      guard let inode = NetworkNamespace.inode(of: path), seen.insert(inode).inserted else {
        return
      }
      result.append(Entry(inode: inode, name: name, path: path))
    }
    add("/proc/1/ns/net", "host")
    for folder in Self.folders {
      for name in Self.list(folder) { add("\(folder)/\(name)", name) }
    }
    for pid in Self.list("/proc") where UInt32(pid) != nil {
      add("/proc/\(pid)/ns/net", "pid \(pid)")
    }
    return result
  }

  /// The name of a namespace by its inode, if it has one other than a process id.
  func knownName(of inode: UInt32) -> String? {
    for folder in Self.folders {
      for name in Self.list(folder)
      where NetworkNamespace.inode(of: "\(folder)/\(name)") == inode {
        return name
      }
    }
    return NetworkNamespace.inode(of: "/proc/1/ns/net") == inode ? "host" : nil
  }

  private static func list(_ folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
