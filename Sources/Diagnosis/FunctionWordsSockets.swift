extension FunctionWords {
  /// Where sockets free packets.
  static let sockets: [FunctionWords] = [
    .init(
      "__udp4_lib_rcv", .application, "No UDP socket is on that port.",
      "nothing listens, or a tunnel uses another port", reasons: ["NO_SOCKET", "UDP_CSUM"]),
    .init(
      "__udp6_lib_rcv", .application, "No UDP socket is on that port.",
      "nothing listens, or a tunnel uses another port", reasons: ["NO_SOCKET", "UDP_CSUM"]),
    .init(
      "udp_queue_rcv_skb", .application, "The UDP socket did not take it.",
      "its buffer is full, its filter or checksum",
      reasons: ["SOCKET_RCVBUFF", "SOCKET_FILTER", "UDP_CSUM"]),
    .init(
      "udp_queue_rcv_one_skb", .application, "The UDP socket did not take it.",
      "its buffer is full, its filter or checksum",
      reasons: ["SOCKET_RCVBUFF", "SOCKET_FILTER", "UDP_CSUM"]),
    .init(
      "udpv6_queue_rcv_one_skb", .application, "The UDP socket did not take it.",
      "its buffer is full, its filter or checksum",
      reasons: ["SOCKET_RCVBUFF", "SOCKET_FILTER", "UDP_CSUM"]),
    .init(
      "__udp_enqueue_schedule_skb", .application, "The UDP socket's buffer is full.",
      "a slow reader", reasons: ["SOCKET_RCVBUFF", "PROTO_MEM"]),
    .init(
      "sk_filter_trim_cap", .application, "The socket's own BPF filter refused it.",
      "a program keeps out what it does not want", reasons: ["SOCKET_FILTER"]),
    .init(
      "tcp_v4_rcv", .application, "TCP had no use for it.",
      "no socket, or a connection that is over", reasons: ["NO_SOCKET", "TCP_CSUM"]),
    .init(
      "tcp_v6_rcv", .application, "TCP had no use for it.",
      "no socket, or a connection that is over", reasons: ["NO_SOCKET", "TCP_CSUM"]),
    .init(
      "tcp_v4_do_rcv", .application, "TCP had no use for it.", "a packet that fits no state",
      reasons: ["TCP_CSUM", "NO_SOCKET"]),
    .init(
      "tcp_v6_do_rcv", .application, "TCP had no use for it.", "a packet that fits no state",
      reasons: ["TCP_CSUM", "NO_SOCKET"]),
    .init(
      "tcp_add_backlog", .application, "The socket is in use and its backlog is full.",
      "a flood, or a program slow in its system calls", reasons: ["SOCKET_BACKLOG"]),
    .init(
      "tcp_conn_request", .application, "A new connection was not taken.",
      "the listen queue is full, or a flood of SYNs", reasons: ["TCP_LISTEN_OVERFLOW"]),
    .init(
      "tcp_v4_syn_recv_sock", .application, "A connection that was made found no place.",
      "the listen queue is full", reasons: ["TCP_LISTEN_OVERFLOW"]),
    .init(
      "tcp_rcv_state_process", nil, "TCP took what it needed of it.",
      "usual when connections open and close"),
    .init(
      "tcp_validate_incoming", nil, "It does not fit its connection.",
      "a sequence number, timestamp or flag out of place",
      reasons: ["TCP_INVALID_SEQUENCE", "TCP_RFC7323_PAWS", "TCP_INVALID_SYN", "TCP_RESET"]),
    .init(
      "tcp_data_queue", nil, "Data that had come before, or beyond the window.",
      "a repeated packet", reasons: ["TCP_OLD_DATA", "TCP_OVERWINDOW", "TCP_ZEROWINDOW"]),
    .init("tcp_ack", nil, "An old or impossible acknowledgement.", "reordering: usual"),
    .init("tcp_rtx_queue_purge", nil, "Unacknowledged data of a socket that closes.", "usual"),
    .init("tcp_write_queue_purge", nil, "Unsent data of a socket that closes.", "usual"),
    .init("inet_csk_destroy_sock", nil, "What a closing socket still held.", "usual"),
    .init("sk_stream_kill_queues", nil, "Unread data of a socket that closes.", "usual"),
    .init(
      "skb_queue_purge", nil, "It still waited in a queue that was emptied.", "usual",
      reasons: ["QUEUE_PURGE"]),
    .init(
      "skb_queue_purge_reason", nil, "It still waited in a queue that was emptied.", "usual",
      reasons: ["QUEUE_PURGE"]),
    .init("skb_release_data", nil, "A part of another packet, freed with it.", "usual"),
    .init("packet_rcv", nil, "A capture's copy that its filter did not want.", "usual"),
    .init("tpacket_rcv", nil, "A capture's copy that its ring had no room for.", "usual"),
    .init(
      "raw_rcv_skb", .application, "A raw socket's buffer is full.", "a slow reader",
      reasons: ["SOCKET_RCVBUFF"]),
    .init(
      "unix_release_sock", nil, "Unread data of a Unix socket that closes.",
      "usual; no packet of the network"),
    .init(
      "netlink_broadcast_filtered", nil, "A message of the kernel nobody listened for.",
      "usual; no packet of the network"),
  ]
}
