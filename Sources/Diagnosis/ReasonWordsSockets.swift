extension ReasonWords {
  /// The sockets' side.
  static let sockets: [ReasonWords] = [
    .init(
      "NO_SOCKET", .application, .fault, "No socket wants it.",
      "nothing listens on that port, a tunnel uses another one, or the client has gone",
      check: ["ss -ltnup", "kubectl get endpointslices"],
      fix: "start the server, or correct the Service's targetPort",
      causes: ["port-closed", "tunnel-port-mismatch", "stale-conntrack"]),
    .init(
      "SOCKET_RCVBUFF", .application, .fault, "The socket's receive buffer is full.",
      "the program reads more slowly than packets come",
      check: ["ss -unm", "nstat -az UdpRcvbufErrors TcpExtTCPRcvQDrop"],
      fix: "more replicas or processor time; a larger buffer: SO_RCVBUF, net.core.rmem_max",
      causes: ["receiver-overloaded"]),
    .init(
      "SOCKET_BACKLOG", .application, .fault, "The socket is in use and its backlog is full.",
      "the program is slow in system calls on it, or packets flood it",
      check: ["nstat -az TcpExtTCPBacklogDrop"],
      fix: "more processor time for the pod; net.core.rmem_max",
      causes: ["receiver-overloaded"]),
    .init(
      "SOCKET_CLOSE", nil, .usual, "Its socket was closed.",
      "what was still on the way or unread when a program closed", check: ["ss -tan"],
      fix: "none if rare"),
    .init(
      "PROTO_MEM", .node, .fault, "The protocol's memory for all sockets is used up.",
      "many sockets with unread data",
      check: ["cat /proc/net/sockstat", "sysctl net.ipv4.tcp_mem net.ipv4.udp_mem"],
      fix: "find the pods that do not read; raise net.ipv4.tcp_mem or udp_mem",
      causes: ["receiver-overloaded"]),
    .init(
      "PACKET_SOCK_ERROR", nil, .harmless, "A packet socket's copy could not be delivered.",
      "a capture that is slow or has gone; the packet itself went on"),
    .init(
      "UDP_CSUM", .podNetwork, .fault, "Its UDP checksum is wrong.",
      "offload broken behind a tunnel, a program that rewrote the packet, or damage",
      check: ["nstat -az UdpInCsumErrors", "ethtool -k DEVICE | grep checksum"],
      fix: "switch it off: ethtool -K DEVICE tx off (VXLAN: tx-checksum-ip-generic off)",
      causes: ["checksum-error"]),
    .init(
      "UNIX_DISCONNECT", nil, .usual, "A Unix socket was disconnected with data unread.",
      "programs of one host; no packet of the network", check: ["ss -xp"]),
    .init(
      "UNIX_SKIP_OOB", nil, .usual, "A Unix socket skipped urgent data.",
      "programs of one host; no packet of the network", check: ["ss -xp"]),
  ]
}
