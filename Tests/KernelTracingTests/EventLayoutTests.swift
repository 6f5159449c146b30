import CEvent
import FlowModel
import Testing

/// What the programs write is what Swift reads: bpf/event.h, field by field.
@Suite struct EventLayoutTests {
  private typealias E = kft_event

  @Test("an event is 192 bytes, within the budget of a record") func size() {
    #expect(MemoryLayout<kft_event>.size == 192)
    #expect(MemoryLayout<kft_event>.stride == 192)
    #expect(MemoryLayout<kft_event>.alignment == 8)
  }

  @Test("the wide fields come first, without holes") func wideFields() {
    #expect(MemoryLayout<E>.offset(of: \.time_ns) == 0)
    #expect(MemoryLayout<E>.offset(of: \.skb) == 8)
    #expect(MemoryLayout<E>.offset(of: \.location) == 16)
    let words: [PartialKeyPath<E>] = [
      \.netns, \.ifindex, \.out_ifindex, \.len, \.mark, \.seq, \.ack, \.reason, \.vni,
    ]
    for (i, word) in words.enumerated() {
      #expect(MemoryLayout<E>.offset(of: word) == 24 + 4 * i)
    }
  }

  @Test("the narrow fields follow without holes") func narrowFields() {
    let halves: [PartialKeyPath<E>] = [
      \.ip_id, \.frag, \.ct_status, \.ct_zone, \.payload, \.gso_size, \.mtu,
    ]
    for (i, half) in halves.enumerated() {
      #expect(MemoryLayout<E>.offset(of: half) == 60 + 2 * i)
    }
    let bytes: [PartialKeyPath<E>] = [
      \.hook, \.nf_hook, \.proto, \.ttl, \.tcp_flags, \.icmp_type, \.icmp_code, \.flags, \.table,
      \.ct_dir,
    ]
    for (i, byte) in bytes.enumerated() {
      #expect(MemoryLayout<E>.offset(of: byte) == 74 + i)
    }
  }

  @Test("the three tuples fill the rest") func tuples() {
    #expect(MemoryLayout<kft_tuple>.size == 36)
    #expect(MemoryLayout<kft_tuple>.offset(of: \.saddr) == 0)
    #expect(MemoryLayout<kft_tuple>.offset(of: \.daddr) == 16)
    #expect(MemoryLayout<kft_tuple>.offset(of: \.sport) == 32)
    #expect(MemoryLayout<kft_tuple>.offset(of: \.dport) == 34)
    #expect(MemoryLayout<E>.offset(of: \.tuple) == 84)
    #expect(MemoryLayout<E>.offset(of: \.orig) == 120)
    #expect(MemoryLayout<E>.offset(of: \.reply) == 156)
  }

  @Test("a DNS record is an event with a length and the payload behind it") func dns() {
    #expect(MemoryLayout<kft_dns_event>.size == 448)
    #expect(MemoryLayout<kft_dns_event>.offset(of: \.event) == 0)
    #expect(MemoryLayout<kft_dns_event>.offset(of: \.length) == 192)
    #expect(MemoryLayout<kft_dns_event>.offset(of: \.data) == 194)
    #expect(KFT_DNS_BYTES == 254)
  }

  @Test("map keys have no hidden padding a lookup would trip over") func keys() {
    #expect(MemoryLayout<kft_match_key>.size == 20)
    #expect(MemoryLayout<kft_match_value>.size == 12)
    #expect(MemoryLayout<kft_flow_key>.size == 40)
    #expect(MemoryLayout<kft_bits>.size == 2 * 65536 / 8)
    #expect(MemoryLayout<kft_bits>.offset(of: \.port) == 65536 / 8)
    #expect(MemoryLayout<kft_config>.size == 20)
    #expect(MemoryLayout<kft_config>.offset(of: \.tunnel_ports) == 8)
  }

  @Test("every hook of the header has its case and the other way round") func hooks() {
    let header: [(kft_hook, Hook)] = [
      (KFT_TC_INGRESS, .tcIngress), (KFT_TC_EGRESS, .tcEgress), (KFT_NF_RAW, .nfRaw),
      (KFT_NF_DNAT_DONE, .nfDNATDone), (KFT_NF_FILTER, .nfFilter),
      (KFT_NF_FILTER_DONE, .nfFilterDone), (KFT_NF_SNAT, .nfSNAT),
      (KFT_NF_SNAT_DONE, .nfSNATDone), (KFT_CONNTRACK_IN, .conntrackIn),
      (KFT_CONNTRACK_CONFIRM, .conntrackConfirm), (KFT_NAT_FN, .natFunction),
      (KFT_NAT_MANIP, .natManip), (KFT_HOOK_SLOW, .hookSlow), (KFT_IPT_TABLE, .iptTable),
      (KFT_NFT_CHAIN, .nftChain), (KFT_IP_RCV, .ipReceive), (KFT_IP_FORWARD, .ipForward),
      (KFT_IP_DELIVER, .ipDeliver), (KFT_IP_OUTPUT, .ipOutput), (KFT_BRIDGE_IN, .bridgeIn),
      (KFT_BRIDGE_OUT, .bridgeOut), (KFT_VXLAN_XMIT, .vxlanTransmit),
      (KFT_VXLAN_RCV, .vxlanReceive), (KFT_ICMP_SEND, .icmpSend), (KFT_IPVS, .ipvs),
      (KFT_DROP, .drop),
      (KFT_RST_SENT, .resetSent),
      (KFT_RETRANSMIT, .retransmit),
    ]
    for (number, hook) in header { #expect(number.rawValue == UInt32(hook.rawValue)) }
    #expect(Set(header.map(\.1)) == Set(Hook.allCases))
  }

  @Test("every table of the header has its case and the other way round") func tables() {
    let header: [(kft_table, Table)] = [
      (KFT_TABLE_OTHER, .other), (KFT_TABLE_FILTER, .filter), (KFT_TABLE_NAT, .nat),
      (KFT_TABLE_MANGLE, .mangle), (KFT_TABLE_RAW, .raw), (KFT_TABLE_SECURITY, .security),
      (KFT_TABLE_KUBE_PROXY, .kubeProxy),
    ]
    for (number, table) in header { #expect(number.rawValue == UInt32(table.rawValue)) }
    #expect(Set(header.map(\.1)) == Set(Table.allCases))
  }
}
