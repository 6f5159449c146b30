internal import CEvent
package import FlowModel

extension Event {
  /// From one record of the ring buffer; `nil` if it is shorter than an event, its hook is unknown, or
  /// its time is none of a clock that begins with the boot.
  package init?(record: UnsafeRawBufferPointer) {
    guard record.count >= MemoryLayout<kft_event>.size else { return nil }
    let e = unsafe record.loadUnaligned(as: kft_event.self)
    guard let hook = Hook(rawValue: e.hook), e.time_ns < 1 << 62 else { return nil }
    let proto = IPProtocol(rawValue: e.proto)
    self.init(time: e.time_ns, netns: e.netns, hook: hook, tuple: Tuple(e.tuple, proto))
    let flags = UInt32(e.flags)
    if flags & KFT_F_TUNNEL.rawValue != 0 {
      tunnelKind =
        flags & KFT_F_GENEVE.rawValue != 0
        ? .geneve : flags & KFT_F_IP_TUNNEL.rawValue != 0 ? .ip : .vxlan
      // the outer protocol names the inner version (RFC 2003, RFC 4213)
      let inIP = IPProtocol(rawValue: tuple.source.address.isIPv4 ? 4 : 41)
      carrier = .tunnel(outer: Tuple(e.orig, tunnelKind == .ip ? inIP : .udp), vni: e.vni)
    } else if flags & KFT_F_ICMP_ERROR.rawValue != 0 {
      let version: IPProtocol = tuple.source.address.isIPv4 ? .icmp : .icmpv6
      carrier = .icmpError(outer: Tuple(e.orig, version))
    } else if flags & KFT_F_CONNTRACK.rawValue != 0 {
      conntrack = Conntrack(
        original: Tuple(e.orig, proto), reply: Tuple(e.reply, proto), status: e.ct_status,
        zone: e.ct_zone, isReply: e.ct_dir != 0)
    }
    isTruncated = flags & KFT_F_TRUNCATED.rawValue != 0
    skb = e.skb
    location = e.location
    netfilterHook = NetfilterHook(rawValue: e.nf_hook)
    table = Table(rawValue: e.table) ?? .other
    interface = e.ifindex
    outInterface = e.out_ifindex
    length = e.len
    payload = e.payload
    gsoSize = e.gso_size
    mtu = e.mtu
    mark = e.mark
    ttl = e.ttl
    ipID = e.ip_id
    fragment = e.frag
    tcpFlags = TCPFlags(rawValue: e.tcp_flags)
    sequence = e.seq
    acknowledgment = e.ack
    icmpType = e.icmp_type
    icmpCode = e.icmp_code
    dropReason = e.reason
  }

  /// The payload that came with an event of port 53, `nil` without. Not a part of the event, which is
  /// copied often.
  package static func payload(record: UnsafeRawBufferPointer) -> [UInt8]? {
    guard record.count >= MemoryLayout<kft_dns_event>.size,
      let start = MemoryLayout<kft_dns_event>.offset(of: \.data)
    else { return nil }
    let length = unsafe record.loadUnaligned(fromByteOffset: start - 2, as: UInt16.self)
    return unsafe Array(record[start..<min(start + Int(length), record.count)])
  }
}

extension Tuple {
  fileprivate init(_ t: kft_tuple, _ proto: IPProtocol) {
    func address(_ bytes: some Any) -> Address {
      unsafe withUnsafeBytes(of: bytes) { raw in
        unsafe Address(
          high: UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
          low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
      }
    }
    self.init(
      proto,
      from: Endpoint(address(t.saddr), UInt16(bigEndian: t.sport)),
      to: Endpoint(address(t.daddr), UInt16(bigEndian: t.dport)))
  }
}
