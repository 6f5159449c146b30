/// Records as the ring buffer hands them over, byte by byte as bpf/event.h lays them out.
enum Fixture {
  /// A SYN with its conntrack entry, after DNAT, before the filter chains of FORWARD.
  static let translated = hex(
    """
    15 cd 5b 07 00 00 00 00  # time_ns 123456789
    00 12 34 8a 81 88 ff ff  # skb 0xffff88818a341200
    00 00 00 00 00 00 00 00  # location
    98 00 00 f0              # netns 4026532008
    07 00 00 00              # ifindex 7
    09 00 00 00              # out_ifindex 9
    3c 00 00 00              # len 60
    00 40 00 00              # mark 0x4000
    78 56 34 12              # seq 0x12345678
    f0 de bc 9a              # ack 0x9abcdef0
    00 00 00 00              # reason
    00 00 00 00              # vni
    34 12                    # ip_id 0x1234
    00 40                    # frag: don't fragment
    2a 01                    # ct_status 0x12a
    05 00                    # ct_zone 5
    00 00                    # payload
    a8 05                    # gso_size 1448
    dc 05                    # mtu 1500
    0c                       # hook KFT_NF_FILTER
    02                       # nf_hook FORWARD
    06                       # proto TCP
    3f                       # ttl 63
    02                       # tcp_flags SYN
    00 00                    # icmp_type, icmp_code
    01                       # flags KFT_F_CONNTRACK
    01                       # table filter
    00                       # ct_dir original
    # tuple 10.244.1.5:43122 -> 10.244.2.8:8080
    00000000 00000000 0000ffff 0af40105  00000000 00000000 0000ffff 0af40208  a872 1f90
    # orig 10.244.1.5:43122 -> 10.96.0.50:80
    00000000 00000000 0000ffff 0af40105  00000000 00000000 0000ffff 0a600032  a872 0050
    # reply 10.244.2.8:8080 -> 10.244.1.5:43122
    00000000 00000000 0000ffff 0af40208  00000000 00000000 0000ffff 0af40105  1f90 a872
    """)

  /// An IPv6 UDP packet that a rule of INPUT dropped.
  static let dropped = hex(
    """
    00 ca 9a 3b 00 00 00 00  # time_ns 1000000000
    40 00 00 00 80 88 ff ff  # skb
    34 12 a0 81 ff ff ff ff  # location 0xffffffff81a01234
    01 00 00 00              # netns 1
    02 00 00 00              # ifindex 2
    00 00 00 00              # out_ifindex
    44 00 00 00              # len 68
    00 00 00 00 00 00 00 00 00 00 00 00  # mark, seq, ack
    08 00 00 00              # reason 8
    00 00 00 00              # vni
    00 00 00 00              # ip_id, frag
    00 00 00 00              # ct_status, ct_zone
    14 00                    # payload 20
    00 00                    # gso_size
    aa 05                    # mtu 1450
    3c                       # hook KFT_DROP
    ff                       # nf_hook none
    11                       # proto UDP
    40                       # ttl 64
    00 00 00                 # tcp_flags, icmp_type, icmp_code
    00                       # flags
    00 00                    # table, ct_dir
    # tuple [fd00:10:244::5]:5353 -> [fd00:10:96::a]:53
    fd000010 02440000 00000000 00000005  fd000010 00960000 00000000 0000000a  14e9 0035
    # orig
    00000000 00000000 00000000 00000000  00000000 00000000 00000000 00000000  0000 0000
    # reply
    00000000 00000000 00000000 00000000  00000000 00000000 00000000 00000000  0000 0000
    """)

  /// A reply inside VXLAN 4096 from 192.168.1.12 to 192.168.1.11.
  static var tunnelled: [UInt8] {
    var bytes = translated
    bytes[74] = 0x01  // hook KFT_TC_INGRESS
    bytes[75] = 0xff  // nf_hook none
    bytes[81] = 0x02  // flags KFT_F_TUNNEL
    bytes.replaceSubrange(56..<60, with: hex("00 10 00 00"))  // vni 4096
    bytes.replaceSubrange(
      120..<156,
      with: hex(
        """
        00000000 00000000 0000ffff c0a8010c  00000000 00000000 0000ffff c0a8010b  e1c2 2118
        """))
    return bytes
  }

  /// 10.244.2.1 says that 10.244.2.8:8080 can't take the packet: ICMP 3/4.
  static var icmpError: [UInt8] {
    var bytes = translated
    bytes[74] = 0x01  // hook KFT_TC_INGRESS
    bytes[79] = 0x03  // icmp_type
    bytes[80] = 0x04  // icmp_code
    bytes[81] = 0x04  // flags KFT_F_ICMP_ERROR
    bytes.replaceSubrange(
      120..<156,
      with: hex(
        """
        00000000 00000000 0000ffff 0af40201  00000000 00000000 0000ffff 0af40105  0000 0000
        """))
    return bytes
  }
}
