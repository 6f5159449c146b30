import FlowModel
import Foundation
import Glibc

@testable import KernelTracing

/// A namespace with a veth pair, utb0 and utb1, that packets are sent through as they are.
final class PacketLab {
  let name: String
  let namespace: NetworkNamespace
  private let arrival: UInt32

  init(_ purpose: String) throws {
    name = "utb-\(getpid())-\(purpose)"
    try run("ip", "netns", "add", name)
    do {
      try run(
        "ip", "-n", name, "link", "add", "utb0", "address", "02:00:00:00:00:01", "type", "veth",
        "peer", "name", "utb1", "address", "02:00:00:00:00:02")
      for device in ["utb1", "utb0"] { try run("ip", "-n", name, "link", "set", device, "up") }
      namespace = try NetworkNamespace.named(name)
      let devices = try namespace.inventory().interfaces
      guard let index = devices.values.first(where: { $0.name == "utb1" })?.index else {
        throw CommandFailure(description: "no utb1 in \(name)")
      }
      arrival = index
    } catch {
      _ = try? run("ip", "netns", "del", name)
      throw error
    }
  }

  deinit { _ = try? run("ip", "netns", "del", name) }

  /// What a tracer of everything in this namespace told while a script ran in it.
  struct Told {
    /// In order, of every hook, without what the kernel itself sends on a new device.
    var events: [Event] = []
    /// Payloads by the text of their source address.
    var payloads: [String: [[UInt8]]] = [:]
    /// Those that came in at utb1.
    var arrived: [Event] = []
    var lost: UInt64 = 0
    var truncated: UInt64 = 0

    func arrived(from source: String) -> [Event] {
      arrived.filter { "\($0.tuple.source.address)" == source }
    }
  }

  /// Traces everything here, sends the frames in order and one more that ends the trace.
  /// `matches` without anything is everything.
  func send(
    _ frames: [[UInt8]], matches: MatchSet = MatchSet(), dns: Bool = false
  ) throws -> Told {
    let end = Packets.ethernet(
      0x0800, Packets.ipv4(250, 17, Packets.udp(from: 1, to: 9999, [])))
    let lines = (frames + [end]).map { frame in
      frame.map { String(256 + Int($0), radix: 16).dropFirst() }.joined()
    }
    return try trace(
      """
      import socket
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind(("utb0", 0))
      for line in "\(lines.joined(separator: " "))".split():
          s.send(bytes.fromhex(line))
      """, matches: matches, dns: dns,
      until: { $0.tuple.destination.port == 9999 && $0.hook == .tcIngress })
  }

  /// Traces everything here while a Python script runs, until an event or for ten seconds.
  func trace(
    _ script: String, matches: MatchSet = MatchSet(), dns: Bool = false,
    until isEnd: (Event) -> Bool
  ) throws -> Told {
    var options = TraceOptions()
    options.namespaces = [namespace]
    options.matches = matches
    options.dns = dns
    let tracer = try Tracer(options)
    try run("ip", "netns", "exec", name, "python3", "-c", script)
    var told = Told()
    let deadline = Date().addingTimeInterval(10)
    var hasEnded = false
    while !hasEnded, Date() < deadline {
      try tracer.pollPayloads(milliseconds: 100) { event, payload in
        if let payload {
          told.payloads["\(event.tuple.source.address)", default: []].append(payload)
        }
        if isEnd(event) { hasEnded = true }
        if !isOfKernel(event), event.tuple.destination.port != 9999 { told.events.append(event) }
      }
    }
    guard hasEnded else { throw CommandFailure(description: "the last packet was not seen") }
    told.arrived = told.events.filter { $0.hook == .tcIngress && $0.interface == arrival }
    told.lost = tracer.eventsLost
    told.truncated = tracer.truncatedPackets
    return told
  }

  /// Neighbour discovery and multicast reports.
  private func isOfKernel(_ event: Event) -> Bool {
    let source = event.tuple.source.address
    return source == .any || source.isIn(Address(high: 0xfe80 << 48, low: 0), prefix: 10)
  }
}
