import CEvent
import FlowModel

extension kft_event {
  /// The record that the kernel would write for an event: the decoder's inverse.
  init(_ event: Event) {
    self.init()
    time_ns = event.time
    skb = event.skb
    location = event.location
    netns = event.netns
    ifindex = event.interface
    out_ifindex = event.outInterface
    len = event.length
    mark = event.mark
    seq = event.sequence
    ack = event.acknowledgment
    reason = event.dropReason
    ip_id = event.ipID
    frag = event.fragment
    payload = event.payload
    gso_size = event.gsoSize
    mtu = event.mtu
    hook = event.hook.rawValue
    nf_hook = event.netfilterHook?.rawValue ?? UInt8(KFT_NF_HOOK_NONE)
    proto = event.tuple.proto.rawValue
    ttl = event.ttl
    tcp_flags = event.tcpFlags.rawValue
    icmp_type = event.icmpType
    icmp_code = event.icmpCode
    table = event.table.rawValue
    tuple = kft_tuple(event.tuple)
    var bits = event.isTruncated ? KFT_F_TRUNCATED.rawValue : 0
    switch event.carrier {
    case .none: break
    case .tunnel(let outer, let number):
      bits |= KFT_F_TUNNEL.rawValue
      if event.tunnelKind == .geneve { bits |= KFT_F_GENEVE.rawValue }
      if event.tunnelKind == .ip { bits |= KFT_F_IP_TUNNEL.rawValue }
      orig = kft_tuple(outer)
      vni = number
    case .icmpError(let outer):
      bits |= KFT_F_ICMP_ERROR.rawValue
      orig = kft_tuple(outer)
    }
    if let entry = event.conntrack {
      bits |= KFT_F_CONNTRACK.rawValue
      orig = kft_tuple(entry.original)
      reply = kft_tuple(entry.reply)
      ct_status = entry.status
      ct_zone = entry.zone
      ct_dir = entry.isReply ? 1 : 0
    }
    flags = UInt8(bits)
  }

  /// The same packet of connection number `n`: bits 4 to 23 of every IPv4 address but those of
  /// `fixed`, and as many of IPv6 ones, are changed alike.
  func ofConnection(_ n: Int, _ fixed: [Address]) -> kft_event {
    var event = self
    event.tuple.change(n, fixed)
    event.orig.change(n, fixed)
    event.reply.change(n, fixed)
    event.skb ^= UInt64(truncatingIfNeeded: n) << 16
    return event
  }
}

extension kft_tuple {
  fileprivate init(_ tuple: Tuple) {
    self.init()
    unsafe withUnsafeMutableBytes(of: &saddr) {
      unsafe $0.copyBytes(from: tuple.source.address.bytes)
    }
    unsafe withUnsafeMutableBytes(of: &daddr) {
      unsafe $0.copyBytes(from: tuple.destination.address.bytes)
    }
    sport = tuple.source.port.bigEndian
    dport = tuple.destination.port.bigEndian
  }

  fileprivate mutating func change(_ n: Int, _ fixed: [Address]) {
    // an address that is not there stays away
    guard sport != 0 || dport != 0 else { return }
    let mask = UInt32(truncatingIfNeeded: n << 4 & 0xff_fff0).bigEndian
    for address in [\kft_tuple.saddr, \.daddr] {
      unsafe withUnsafeMutableBytes(of: &self[keyPath: address]) {
        if !fixed.isEmpty, let known = unsafe Address(bytes: $0), fixed.contains(known) { return }
        let word = unsafe $0.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
        unsafe $0.storeBytes(of: word ^ mask, toByteOffset: 12, as: UInt32.self)
      }
    }
  }
}
