internal import CLibbpf
internal import CNode
internal import Glibc
internal import Privileges

/// A network namespace that can be entered: an open reference, its inode number and a name
/// for people.
///
/// The reference keeps the namespace alive, with its devices and their other ends: who holds one for
/// long asks ``isGone`` now and then.
public final class NetworkNamespace {
  /// The inode number events carry.
  public let inode: UInt32
  /// `host` for the namespace of process 1, the name in /run/netns, `pid N`, or `self`.
  public let name: String
  /// A path that enters it as long as this object lives.
  public var path: String { "/proc/\(getpid())/fd/\(descriptor?.raw ?? -1)" }
  /// The same for what we run; `nil` where it is in the namespace anyway, which takes no capability.
  public var pathFromHere: String? { isHere ? nil : path }

  private var isHere: Bool { NetworkNamespace.inode(of: "/proc/thread-self/ns/net") == inode }

  private var descriptor: OwnedDescriptor?
  /// Where it was found; `nil` for our own.
  private var origin: String?

  init(descriptor: OwnedDescriptor, inode: UInt32, name: String, origin: String?) {
    self.descriptor = descriptor
    self.inode = inode
    self.name = name
    self.origin = origin
  }

  /// Whether nothing else leads to it, no name and no process. The reference is let go then, and the
  /// namespace can't be entered any more.
  public var isGone: Bool {
    guard descriptor != nil else { return true }
    guard let path = origin else { return false }
    let raised = Privilege.raise()
    defer { raised.end() }
    var status = stat()
    // of the file itself: the inode of a namespace is that of its file in nsfs
    if unsafe stat(path, &status) == 0, status.st_ino == UInt(inode) { return false }
    origin = NamespaceDirectory().scan().first { $0.inode == inode }?.path ?? ""
    if origin == "" { descriptor = nil }
    return descriptor == nil
  }

  private convenience init(
    opening path: String, name: String, isOurs: Bool = false
  ) throws(TracingError) {
    let raised = Privilege.raise()
    defer { raised.end() }
    let descriptor = try OwnedDescriptor(
      unsafe kft_open(path), orThrow: "cannot open network namespace \(path)",
      next: "see `ip netns list` and `lsns -t net`")
    guard let inode = NetworkNamespace.inode(of: path) else {
      throw TracingError(.usage, "\(path) is not a network namespace; see `ip netns list`")
    }
    self.init(descriptor: descriptor, inode: inode, name: name, origin: isOurs ? nil : path)
  }

  /// The inode number of what a path leads to, if that is a namespace file (nsfs).
  static func inode(of path: String) -> UInt32? {
    let raised = Privilege.raise()
    defer { raised.end() }
    let inode = unsafe kft_namespace_inode(path)
    return inode == 0 ? nil : inode
  }

  /// The namespace this process is in.
  public static func current() throws(TracingError) -> NetworkNamespace {
    let directory = NamespaceDirectory()
    let path = "/proc/thread-self/ns/net"
    let name = inode(of: path).flatMap { directory.knownName(of: $0) } ?? "self"
    return try NetworkNamespace(opening: path, name: name, isOurs: true)
  }

  /// By a name of `ip netns`, a path, or a process id.
  public static func named(_ text: String) throws(TracingError) -> NetworkNamespace {
    let path: String
    if text.contains("/") {
      path = text
    } else if let pid = Int32(text), unsafe access("/proc/\(pid)", F_OK) == 0 {
      path = "/proc/\(pid)/ns/net"
    } else {
      path = "/run/netns/\(text)"
    }
    guard unsafe access(path, F_OK) == 0 else {
      throw TracingError(
        .usage,
        "no network namespace \"\(text)\"; `ip netns list` shows the names, "
          + "--netns also takes a path or a process id")
    }
    guard let inode = inode(of: path) else {
      throw TracingError(.usage, "\(path) is not a network namespace; see `ip netns list`")
    }
    return try NetworkNamespace(
      opening: path, name: NamespaceDirectory().knownName(of: inode) ?? text)
  }

  /// Every namespace of the node that has a name or a process.
  public static func all() throws(TracingError) -> [NetworkNamespace] {
    var result: [NetworkNamespace] = []
    for entry in NamespaceDirectory().scan() {
      // one that went away meanwhile is no fault
      if let namespace = try? NetworkNamespace(opening: entry.path, name: entry.name) {
        result.append(namespace)
      }
    }
    return result
  }

  /// Runs a function inside the namespace, with every capability tracing has a use for, and comes back.
  /// Only the calling thread moves, so `body` must not suspend.
  func inside<Result>(
    _ body: () throws(TracingError) -> Result
  ) throws(TracingError) -> Result {
    let raised = Privilege.raise()
    defer { raised.end() }
    // who is there already needs no CAP_SYS_ADMIN to enter
    if isHere { return try body() }
    guard let descriptor else {
      throw TracingError(.failure, "network namespace \(name) is gone")
    }
    let home = try OwnedDescriptor(
      unsafe kft_open("/proc/thread-self/ns/net"),
      orThrow: "cannot open the current network namespace")
    let entered = kft_enter_netns(descriptor.raw)
    guard entered == 0 else {
      throw .errno(
        "cannot enter network namespace \(name)", -entered, "it takes CAP_SYS_ADMIN")
    }
    defer {
      // the descriptor was just opened from where we came: this can only fail without
      // CAP_SYS_ADMIN, which entering has shown to be there
      let back = kft_enter_netns(home.raw)
      precondition(back == 0, "cannot return from network namespace \(name)")
    }
    return try body()
  }
}
