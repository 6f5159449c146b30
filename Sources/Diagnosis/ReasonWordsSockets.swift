extension ReasonWords {
  /// The sockets' side.
  static let sockets: [ReasonWords] = [
    .init(
      "NO_SOCKET", .application, "No socket wants it.",
      "nothing listens on that port in the pod (port-closed), a tunnel on another port "
        + "(tunnel-port-mismatch), or the client has gone"),
    .init(
      "SOCKET_RCVBUFF", .application, "The socket's receive buffer is full.",
      "the program reads too slowly: SO_RCVBUF, net.core.rmem_max (receiver-overloaded)"),
    .init(
      "SOCKET_BACKLOG", .application, "The socket is busy and its backlog is full.",
      "the program holds the socket's lock for long, or packets flood it (receiver-overloaded)"),
    .init(
      "SOCKET_CLOSE", nil, "Its socket was closed.",
      "what was still on the way when a program closed"),
    .init(
      "PROTO_MEM", .node, "The protocol's memory for all sockets is used up.",
      "net.ipv4.tcp_mem or udp_mem: many sockets with unread data (receiver-overloaded)"),
    .init(
      "PACKET_SOCK_ERROR", nil, "A packet socket's copy could not be delivered.",
      "a capture is slow or has gone; the packet itself went on", isHarmless: true),
    .init(
      "UDP_CSUM", .node, "Its UDP checksum is wrong.",
      "a damaged packet, or offload broken behind a tunnel: ethtool -K DEVICE tx off"),
    .init(
      "UNIX_DISCONNECT", nil, "A Unix socket was disconnected.", "no packet of the network"),
    .init("UNIX_SKIP_OOB", nil, "A Unix socket skipped urgent data.", "no packet of the network"),
  ]

  /// TCP. Most of these are one packet's fate in a connection that goes on.
  static let tcp: [ReasonWords] = [
    .init(
      "TCP_CSUM", .node, "Its TCP checksum is wrong.",
      "a damaged packet, or offload broken behind a tunnel: ethtool -K DEVICE tx off"),
    .init(
      "TCP_LISTEN_OVERFLOW", .application, "The server's listen queue is full.",
      "the application does not accept fast enough: net.core.somaxconn and the listen call's backlog "
        + "(receiver-overloaded)"),
    .init(
      "TCP_RESET", nil, "A reset ended its connection.",
      "the other end has closed or refused; the reset itself is what was freed"),
    .init(
      "TCP_CLOSE", nil, "Its connection is closed already.",
      "late packets of a connection that is over"),
    .init(
      "TCP_FLAGS", .application, "Its TCP flags make no sense in this state.",
      "a scanner, or an entry of another connection with the same ports"),
    .init(
      "TCP_OLD_DATA", nil, "Data that had come before.",
      "an acknowledgement was lost or late and the sender repeated", isHarmless: true),
    .init(
      "TCP_OLD_ACK", nil, "An acknowledgement older than the last.", "reordering: usual",
      isHarmless: true),
    .init(
      "TCP_TOO_OLD_ACK", nil, "An acknowledgement far older than any possible.",
      "a delayed or forged packet"),
    .init(
      "TCP_OLD_SEQUENCE", nil, "A sequence number from before the window.",
      "a repeated packet", isHarmless: true),
    .init(
      "TCP_OVERWINDOW", .application, "Data beyond what the receiver allowed.",
      "the receiver's window is full: the program reads slowly"),
    .init(
      "TCP_ZEROWINDOW", .application, "Data while the receiver's window is closed.",
      "the program does not read at all: a probe of the sender"),
    .init(
      "TCP_OFOMERGE", nil, "Data that had come out of order before.", "a repeated packet"),
    .init(
      "TCP_OFO_DROP", .node, "Out-of-order data, and no memory to keep it.",
      "loss before it and little memory: net.ipv4.tcp_mem"),
    .init(
      "TCP_OFO_QUEUE_PRUNE", .node, "The out-of-order queue was emptied to save memory.",
      "net.ipv4.tcp_rmem or tcp_mem too small for the loss there is"),
    .init(
      "TCP_RFC7323_PAWS", .podNetwork, "Its timestamp is older than the last one.",
      "two hosts behind one address (SNAT), or a very late packet"),
    .init(
      "TCP_RFC7323_PAWS_ACK", .podNetwork,
      "An acknowledgement with a timestamp older than the last.",
      "reordering: usual"),
    .init(
      "TCP_RFC7323_TW_PAWS", .podNetwork,
      "A new connection's timestamp is older than that of the "
        + "closed one.", "clients behind one SNAT address that reuse a port within a minute"),
    .init(
      "TCP_RFC7323_TSECR", .podNetwork, "It echoes a timestamp that was never sent.",
      "a forged packet, or a middlebox that rewrites TCP options"),
    .init(
      "TCP_INVALID_SEQUENCE", .podNetwork, "Its sequence number is outside of the window.",
      "a packet of another connection, or conntrack and the host disagree"),
    .init(
      "TCP_INVALID_END_SEQUENCE", .podNetwork, "It ends beyond the window.",
      "a sender that ignores the receiver's window"),
    .init(
      "TCP_INVALID_ACK_SEQUENCE", .podNetwork, "It acknowledges what was never sent.",
      "a packet of another connection with the same ports: an address used twice"),
    .init(
      "TCP_INVALID_SYN", .application, "A SYN in the middle of a connection.",
      "a client that reuses its port while the server still holds the old connection"),
    .init(
      "TCP_ACK_UNSENT_DATA", .podNetwork, "It acknowledges data that was not sent yet.",
      "a forged packet, or a middlebox"),
    .init(
      "TCP_ABORT_ON_DATA", .application, "Data came for a connection its program had left.",
      "the program closed without reading everything: a reset goes back"),
    .init(
      "TCP_FASTOPEN", .application, "Data of a SYN that fast open did not take.",
      "no valid fast-open cookie: the data is sent again"),
    .init(
      "TCP_MINTTL", .policy, "Its TTL is below what the socket demands.", "IP_MINTTL, as for BGP"),
    .init(
      "TCP_MD5NOTFOUND", .application, "A TCP MD5 signature is expected and missing.",
      "BGP peers with different settings"),
    .init(
      "TCP_MD5UNEXPECTED", .application, "It has a TCP MD5 signature and none is expected.",
      "BGP peers with different settings"),
    .init(
      "TCP_MD5FAILURE", .application, "Its TCP MD5 signature is wrong.",
      "BGP peers with different passwords"),
    .init("TCP_AUTH_HDR", .application, "Its authentication option is malformed.", "BGP peers"),
    .init(
      "TCP_AONOTFOUND", .application, "TCP-AO is expected and missing.", "peers' settings differ"),
    .init(
      "TCP_AOUNEXPECTED", .application, "It has TCP-AO and none is expected.",
      "peers' settings differ"),
    .init(
      "TCP_AOKEYNOTFOUND", .application, "Its TCP-AO key is unknown.", "peers' keys differ"),
    .init("TCP_AOFAILURE", .application, "Its TCP-AO signature is wrong.", "peers' keys differ"),
  ]
}
