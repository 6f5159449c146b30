import FlowModel

@testable import KernelTracing

/// Messages of the kernel's rule trace, made by hand: `struct nlmsghdr`, `struct nfgenmsg`, attributes.
struct TraceMessage {
  var type: UInt16 = 10 << 8 | 17  // NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE
  var family: UInt8 = 2  // NFPROTO_IPV4
  private var attributes: [UInt8] = []

  init(id: UInt32 = 0x74c4_0d71, table: String = "filter", chain: String = "FORWARD") {
    add(8 - 2, big(id))  // NFTA_TRACE_ID
    add(1, Array(table.utf8) + [0])
    add(2, Array(chain.utf8) + [0])
  }

  mutating func add(_ type: UInt16, _ data: [UInt8]) {
    attributes += little(UInt16(data.count + 4)) + little(type) + data
    while attributes.count % 4 != 0 { attributes.append(0) }
  }

  /// NFT_TRACETYPE_RULE with a verdict.
  func rule(_ handle: UInt64, verdict: UInt32) -> TraceMessage {
    var message = self
    message.add(4, big(UInt32(3)))
    message.add(3, big(handle))
    message.add(5, little(UInt16(8)) + little(UInt16(1)) + big(verdict))
    return message
  }

  /// NFT_TRACETYPE_POLICY.
  func policy(_ verdict: UInt32) -> TraceMessage {
    var message = self
    message.add(4, big(UInt32(1)))
    message.add(16, big(verdict))
    return message
  }

  func headers(_ network: [UInt8], _ transport: [UInt8]) -> TraceMessage {
    var message = self
    message.add(8, network)
    message.add(9, transport)
    return message
  }

  var bytes: [UInt8] {
    let body = [family, 0, 0, 0] + attributes
    return little(UInt32(16 + body.count)) + little(type) + little(UInt16(0)) + little(UInt32(0))
      + little(UInt32(0)) + body
  }
}

private func little(_ number: some FixedWidthInteger) -> [UInt8] {
  (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

private func big(_ number: some FixedWidthInteger) -> [UInt8] { little(number).reversed() }

/// A SYN of 10.244.1.5:40000 to 10.244.2.8:8080, as seen in FORWARD.
enum TracedSYN {
  static let network = hex(
    """
    45 00 00 3c  67 57 40 00  # 60 bytes, id 26455, don't fragment
    3f 06 00 00               # TTL 63, TCP
    0a f4 01 05  0a f4 02 08
    """)
  static let transport = hex(
    """
    9c 40 1f 90  # 40000 to 8080
    01 02 03 04  00 00 00 00
    a0 02 ff d7  00 00 00 00
    """)

  static let tuple = Tuple(
    .tcp, from: Endpoint(Address(v4: 0x0af4_0105), 40000),
    to: Endpoint(Address(v4: 0x0af4_0208), 8080))

  /// The same as the drop tracepoint told of it.
  static var event: Event {
    var event = Event(time: 1, netns: 1, hook: .drop, tuple: tuple)
    event.ipID = 26455
    event.fragment = 0x4000
    event.sequence = 0x0102_0304
    event.tcpFlags = .syn
    return event
  }
}
