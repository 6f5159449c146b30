import FlowModel
import KernelTracing
import Testing

/// Events that the ring buffer has no room for are counted, each of them.
@Suite(.enabled(if: isRoot, "needs a namespace of its own")) struct LostEventTests {
  /// Events seen and lost of the same 300 packets, none read before the last was sent.
  private func count(ringBytes: Int) throws -> (seen: Int, lost: Int) {
    let lab = try PacketLab("lost")
    var options = TraceOptions()
    options.namespaces = [lab.namespace]
    options.matches.sides = [.init(address: Address("198.51.100.77"))]
    options.ringBytes = ringBytes
    let tracer = try Tracer(options)
    let frame = Packets.ethernet(
      0x0800, Packets.ipv4(77, 17, Packets.udp(from: 1, to: 9999, [])))
    let hex = frame.map { String(256 + Int($0), radix: 16).dropFirst() }.joined()
    try run(
      "ip", "netns", "exec", lab.name, "python3", "-c",
      """
      import socket
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind(("utb0", 0))
      for _ in range(300):
          s.send(bytes.fromhex("\(hex)"))
      """)
    var seen = 0
    try tracer.poll(milliseconds: 500) { _ in seen += 1 }
    return (seen, Int(tracer.eventsLost))
  }

  @Test("what a small buffer loses and what it keeps are what a large one keeps") func sum() throws
  {
    let large = try count(ringBytes: 8 << 20)
    #expect(large.lost == 0)
    #expect(large.seen >= 600, "each is sent and arrives")
    let small = try count(ringBytes: 16384)
    #expect(small.seen > 0 && small.lost > 0)
    #expect(small.seen + small.lost == large.seen)
  }
}
