import FlowModel
import Testing

/// Packets that are odd or wrong in some way, sent past a tracer.
enum CraftedPackets {
  private typealias P = Packets

  private static let tcp = P.tcp(from: 4000, to: 80)
  private static let udp = P.udp(from: 4000, to: 53, [1, 2, 3, 4])
  private static let quoted = P.ipv4(200, 17, P.udp(from: 5000, to: 53, [0, 0]))

  /// Source number, what it is, the packet from its IP header on.
  private static let packets: [(UInt8, type: Int, [UInt8])] = [
    (1, 0x0800, P.ipv4(1, 6, tcp)),
    (2, 0x0800, Array(P.ipv4(2, 6, tcp)[..<10])),
    (3, 0x0800, P.ipv4(3, 6, tcp, headerWords: 4)),
    (4, 0x0800, P.ipv4(4, 17, udp, fragment: 0x2000)),
    (5, 0x0800, P.ipv4(5, 17, [0x0f, 0xa0, 0, 53, 9, 9, 9, 9], fragment: 0x2002)),
    (6, 0x0800, P.ipv4(6, 6, tcp, headerWords: 6, options: [1, 1, 1, 0])),
    (7, 0x0800, P.ipv4(7, 6, tcp, headerWords: 15)),
    (8, 0x0800, P.ipv4(8, 6, Array(tcp[..<4]))),
    (9, 0x0800, P.ipv4(9, 6, P.tcp(from: 4000, to: 80, offsetWords: 15))),
    (10, 0x0800, P.ipv4(10, 1, P.icmp(8, 0, rest: [0x12, 0x34, 0, 1], [0, 0]))),
    (11, 0x0800, P.ipv4(11, 1, P.icmp(3, 3, quoted))),
    (12, 0x0800, P.ipv4(12, 1, P.icmp(3, 4, P.ipv4(201, 6, Array(tcp[..<8]))))),
    (13, 0x0800, P.ipv4(13, 1, P.icmp(11, 0, Array(quoted[..<10])))),
    (
      14, 0x0800,
      P.ipv4(
        14, 17,
        P.udp(
          from: 50000, to: 4789, P.vxlan(4096, P.ethernet(0x0800, P.ipv4(202, 6, tcp)))))
    ),
    (
      15, 0x0800,
      P.ipv4(
        15, 17,
        P.udp(
          from: 50000, to: 4789,
          P.vxlan(4096, P.ethernet(0x0800, Array(P.ipv4(203, 6, tcp)[..<10])))))
    ),
    (
      16, 0x0800,
      P.ipv4(
        16, 17,
        P.udp(
          from: 50000, to: 4789, P.vxlan(4096, P.ethernet(0x0806, [UInt8](repeating: 0, count: 28)))
        ))
    ),
    (
      17, 0x0800,
      P.ipv4(
        17, 17,
        P.udp(
          from: 50000, to: 4789, P.vxlan(0, flags: 0x88, P.ethernet(0x0800, P.ipv4(204, 6, tcp)))))
    ),
    (
      18, 0x0800,
      P.ipv4(
        18, 17,
        P.udp(
          from: 50000, to: 6081,
          [1, 0, 0x65, 0x58, 0, 0, 7, 0, 9, 9, 9, 9] + P.ethernet(0x0800, P.ipv4(205, 6, tcp))))
    ),
    (19, 0x0800, P.ipv4(19, 47, [UInt8](repeating: 7, count: 16))),
    (20, 0x0800, P.ipv4(20, 132, P.be16(4000) + P.be16(80) + [UInt8](repeating: 0, count: 8))),
    (21, 0x0800, [0x55] + P.ipv4(21, 6, tcp).dropFirst()),
    (
      22, 0x0806,
      [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 198, 51, 100, 22]
        + [UInt8](repeating: 0, count: 6) + [203, 0, 113, 9]
    ),
    (23, 0x0800, P.ipv4(23, 17, P.udp(from: 4000, to: 4789, [8, 0, 0]))),
    (1, 0x86dd, P.ipv6(1, 6, tcp)),
    (2, 0x86dd, P.ipv6(2, 0, P.extension6(next: 60) + P.extension6(next: 6) + tcp)),
    (3, 0x86dd, P.ipv6(3, 44, P.fragment6(next: 17, offset: 0, more: true) + udp)),
    (4, 0x86dd, P.ipv6(4, 44, P.fragment6(next: 17, offset: 181, more: false) + udp)),
    (5, 0x86dd, P.ipv6(5, 0, [6, 0])),
    (6, 0x86dd, Array(P.ipv6(6, 6, tcp)[..<30])),
    (7, 0x86dd, [0x70] + P.ipv6(7, 6, tcp).dropFirst()),
    (8, 0x86dd, P.ipv6(8, 58, P.icmp(2, 0, rest: P.be32(1280), P.ipv6(200, 6, tcp)))),
    (10, 0x86dd, P.ipv6(10, 58, P.icmp(128, 0, rest: [0xab, 0xcd, 0, 1], []))),
    (11, 0x86dd, P.ipv6(11, 0, [6, 200] + [UInt8](repeating: 0, count: 6) + tcp)),
    (
      12, 0x86dd,
      P.ipv6(
        12, 17,
        P.udp(
          from: 50000, to: 8472, P.vxlan(1, P.ethernet(0x86dd, P.ipv6(201, 6, tcp)))))
    ),
  ]

  private static let result = Result {
    try PacketLab("parse").send(packets.map { P.ethernet($0.type, $0.2) })
  }

  /// What a tracer told of them; they are sent once.
  static func told() throws -> PacketLab.Told { try result.get() }

  /// The one event of what came from 198.51.100.`source`, or 2001:db8::`source`.
  static func only(_ source: UInt8, six: Bool = false) throws -> Event {
    let address = six ? "2001:db8::" + String(source, radix: 16) : "198.51.100.\(source)"
    let found = try told().arrived(from: address)
    #expect(found.count == 1, "\(address)")
    return try #require(found.first)
  }
}
