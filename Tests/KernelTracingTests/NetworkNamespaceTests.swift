import FlowModel
import Foundation
import Glibc
import Testing

@testable import KernelTracing

@Suite(.serialized) struct NetworkNamespaceTests {
  private static func failure(_ text: String) -> TracingError? {
    #expect(throws: TracingError.self) { _ = try NetworkNamespace.named(text) }
  }

  @Test(
    "what is no namespace is a wrong call, told in one line with the next step",
    arguments: [
      "utb-there-is-none", "/run/netns/utb-there-is-none", "/nonexistent/net", "4194305", "-1",
      "/proc/4194305/ns/net", "/etc/passwd", "/proc", "/dev/null", "", ".", "..",
      String(repeating: "x", count: 5000),
    ])
  func unknown(_ text: String) throws {
    let error = try #require(Self.failure(text))
    #expect(error.exitCode == 64)
    #expect(error.message.contains("ip netns list"))
    #expect(!error.message.contains("\n"))
  }

  @Test("a name that does not exist is quoted") func quoted() {
    #expect(Self.failure("utb-x")?.message.contains("no network namespace \"utb-x\"") == true)
  }

  @Test("by process id and by path it is the same namespace") func own() throws {
    let current = try NetworkNamespace.current()
    let byPath = try NetworkNamespace.named("/proc/self/ns/net")
    let byPID = try NetworkNamespace.named("\(getpid())")
    #expect(byPath.inode == current.inode)
    #expect(byPID.inode == current.inode)
    let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
    #expect(link == "net:[\(current.inode)]")
  }

  @Test(
    "the path of an open namespace enters it after its name is gone",
    .enabled(if: isRoot, "needs root"))
  func gone() throws {
    let name = "utb-\(getpid())-gone"
    try run("ip", "netns", "add", name)
    let namespace: NetworkNamespace
    do {
      defer { _ = try? run("ip", "netns", "del", name) }
      namespace = try NetworkNamespace.named(name)
      #expect(namespace.name == name)
      #expect(
        try NetworkNamespace.all().contains { $0.inode == namespace.inode && $0.name == name })
    }
    #expect(throws: TracingError.self) { _ = try NetworkNamespace.named(name) }
    #expect(try NetworkNamespace.named(namespace.path).inode == namespace.inode)
  }

  @Test(
    "a namespace is gone with its last name and process, and is let go of then",
    .enabled(if: isRoot, "needs root"))
  func released() throws {
    let name = "utb-\(getpid())-released"
    let dwelling = Process()
    let namespace: NetworkNamespace
    do {
      try run("ip", "netns", "add", name)
      defer { _ = try? run("ip", "netns", "del", name) }
      namespace = try NetworkNamespace.named(name)
      #expect(!namespace.isGone)
      dwelling.executableURL = URL(filePath: "/usr/bin/env")
      dwelling.arguments = ["ip", "netns", "exec", name, "sleep", "60"]
      try dwelling.run()
      // until it is in there
      let deadline = Date().addingTimeInterval(10)
      let link = "/proc/\(dwelling.processIdentifier)/ns/net"
      while NetworkNamespace.inode(of: link) != namespace.inode, Date() < deadline {
        usleep(5000)
      }
    }
    #expect(!namespace.isGone, "a process is in it")
    kill(dwelling.processIdentifier, SIGKILL)
    dwelling.waitUntilExit()
    #expect(namespace.isGone)
    #expect(throws: TracingError.self) { try namespace.inventory() }
    #expect(try !NetworkNamespace.current().isGone)
  }

  @Test(
    "inside, the thread is there, and afterwards where it was", .enabled(if: isRoot, "needs root"))
  func inside() throws {
    let name = "utb-\(getpid())-in"
    try run("ip", "netns", "add", name)
    defer { _ = try? run("ip", "netns", "del", name) }
    let namespace = try NetworkNamespace.named(name)
    func here() -> UInt32? { NetworkNamespace.inode(of: "/proc/thread-self/ns/net") }
    let home = here()
    let there = try namespace.inside { () throws(TracingError) in here() }
    #expect(there == namespace.inode)
    #expect(home != there)
    #expect(here() == home)
    #expect(throws: TracingError.self) {
      try namespace.inside { () throws(TracingError) in throw TracingError(.failure, "x") }
    }
    #expect(here() == home, "an error brings it back, too")
  }

  @Test("devices and addresses are those ip tells", .enabled(if: isRoot, "needs root"))
  func inventory() throws {
    let name = "utb-\(getpid())-inv"
    try run("ip", "netns", "add", name)
    defer { _ = try? run("ip", "netns", "del", name) }
    try run("ip", "-n", name, "link", "add", "utb0", "type", "veth", "peer", "name", "utb1")
    try run("ip", "-n", name, "addr", "add", "198.51.100.7/24", "dev", "utb0")
    try run("ip", "-n", name, "addr", "add", "2001:db8::7/64", "dev", "utb0", "nodad")
    let namespace = try NetworkNamespace.named(name)
    let inventory = try namespace.inventory()
    let index = try #require(
      try run("ip", "-o", "-n", name, "link", "show", "utb0").split(separator: ":").first
        .flatMap { UInt32($0) })
    #expect(Set(inventory.interfaces.values.map(\.name)) == ["lo", "utb0", "utb1"])
    #expect(inventory.interfaces[index]?.name == "utb0")
    #expect(inventory.addresses.contains(try #require(Address("198.51.100.7"))))
    #expect(inventory.addresses.contains(try #require(Address("2001:db8::7"))))

    let names = NodeNames(traced: [namespace])
    #expect(names.name(of: namespace.inode) == name)
    #expect(names.interface(index, in: namespace.inode) == "utb0")
    #expect(names.interface(9999, in: namespace.inode) == "if9999")
    #expect(names.owner(of: try #require(Address("198.51.100.7"))) == namespace.inode)
    #expect(names.owner(of: try #require(Address("198.51.100.8"))) == nil)
    #expect(names.name(of: 1) == "netns 1")
  }
}
