extension ReasonWords {
  /// TCP's states and resources. Most are one packet's fate in a connection that goes on.
  static let tcp: [ReasonWords] = [
    .init(
      "TCP_CSUM", .podNetwork, .fault, "Its TCP checksum is wrong.",
      "offload broken behind a tunnel, a program that rewrote the packet, or damage",
      check: ["nstat -az TcpInCsumErrors", "ethtool -k DEVICE | grep checksum"],
      fix: "switch it off: ethtool -K DEVICE tx off (VXLAN: tx-checksum-ip-generic off)",
      causes: ["checksum-error"]),
    .init(
      "TCP_LISTEN_OVERFLOW", .application, .fault, "The server's listen queue is full.",
      "the program accepts connections more slowly than they come",
      check: ["ss -ltn", "nstat -az TcpExtListenOverflows"],
      fix: "more replicas; a longer queue: the listen call's backlog and net.core.somaxconn",
      causes: ["receiver-overloaded"]),
    .init(
      "TCP_RESET", nil, .usual, "A reset that is not exactly what its connection expects.",
      "one for a listening socket, or off the next sequence number: late, or a forged guess",
      check: ["nstat -az TcpExtTCPChallengeACK"],
      fix: "none if rare; many: see who sends resets (conntrack's INVALID, a middlebox)"),
    .init(
      "TCP_CLOSE", nil, .usual, "Its connection is closed already.",
      "a late packet, after the program closed", check: ["ss -tan"],
      fix: "none if rare"),
    .init(
      "TCP_FLAGS", .application, .usual, "Its TCP flags make no sense in this state.",
      "a late packet for a port that listens anew, or a scanner", check: ["ss -tan"],
      fix: "none if rare; many from one host: keep it out"),
    .init(
      "TCP_ABORT_ON_DATA", .application, .usual,
      "Data came for a connection its program had left: a reset goes back.",
      "the program closed without reading everything",
      check: ["nstat -az TcpExtTCPAbortOnData"],
      fix: "let the program read to the end, or shut down before it closes"),
    .init(
      "TCP_FASTOPEN", .application, .usual,
      "It does not complete the handshake of a fast-open connection.",
      "a repeated SYN, or a packet that came before the handshake's last acknowledgement",
      check: ["sysctl net.ipv4.tcp_fastopen", "nstat -az | grep -i fastopen"],
      fix: "none if rare: it is sent again; else switch it off: net.ipv4.tcp_fastopen=0"),
    .init(
      "TCP_ZEROWINDOW", .application, .usual, "Data while the receiver's window is closed.",
      "the program does not read; senders probe the window now and then",
      check: ["ss -tnm", "nstat -az TcpExtTCPZeroWindowDrop"],
      fix: "see why the program does not read", causes: ["receiver-overloaded"]),
    .init(
      "TCP_OVERWINDOW", .application, .usual, "Data beyond what the receiver allowed.",
      "the receiver's window has shrunk or is full: the program reads slowly",
      check: ["ss -tnm"], fix: "see why the program reads slowly",
      causes: ["receiver-overloaded"]),
    .init(
      "TCP_OFOMERGE", nil, .usual, "Data that has come before and waits for a gap to close.",
      "the sender repeats what only came out of order",
      check: ["nstat -az TcpExtTCPOFOMerge"], fix: "none; much of it means loss on the way"),
    .init(
      "TCP_OFO_DROP", nil, .usual, "Out-of-order data that has come again in order meanwhile.",
      "the sender repeated more than the gap", check: ["nstat -az TcpExtTCPOFOQueue"],
      fix: "none; much of it means loss on the way"),
    .init(
      "TCP_OFO_QUEUE_PRUNE", .node, .fault, "The out-of-order queue was emptied to save memory.",
      "loss on the way and too little receive memory",
      check: ["nstat -az TcpExtOfoPruned", "sysctl net.ipv4.tcp_rmem net.ipv4.tcp_mem"],
      fix: "find the loss; raise net.ipv4.tcp_rmem"),
    .init(
      "TCP_MINTTL", .policy, .fault, "Its TTL is below what the socket demands.",
      "a peer further away than the program allows (IP_MINTTL, BGP's ttl-security)",
      check: ["tcpdump -ni DEVICE -v port PORT"],
      fix: "raise the number of hops the program allows"),
  ]

  /// Sequence numbers, acknowledgements and timestamps.
  static let tcpSequence: [ReasonWords] = [
    .init(
      "TCP_OLD_DATA", nil, .harmless, "Data that had come before.",
      "an acknowledgement was lost or late, and the sender repeated"),
    .init(
      "TCP_OLD_ACK", nil, .harmless, "An acknowledgement older than the last.", "reordering"),
    .init(
      "TCP_OLD_SEQUENCE", nil, .harmless, "All of it is from before the window.",
      "a repeated packet, or a keepalive"),
    .init(
      "TCP_TOO_OLD_ACK", nil, .usual, "An acknowledgement far older than any that can be.",
      "a very late or forged packet", check: ["nstat -az TcpExtTCPChallengeACK"],
      fix: "none if rare"),
    .init(
      "TCP_INVALID_SEQUENCE", .podNetwork, .fault,
      "Its sequence number is outside of the window.",
      "a packet of another connection with the same ports, or a middlebox that rewrites numbers",
      check: ["conntrack -L -p tcp --orig-port-dst PORT", "nstat -az TcpExtTCPChallengeACK"],
      fix: "see whether two clients come from one address and port (SNAT)"),
    .init(
      "TCP_INVALID_END_SEQUENCE", .podNetwork, .fault, "It ends beyond the window.",
      "a sender that ignores the receiver's window, or a window that shrank",
      check: ["ss -tnmi"], fix: "see to the sender, or raise the receiver's memory"),
    .init(
      "TCP_INVALID_ACK_SEQUENCE", .podNetwork, .fault, "It acknowledges what was never sent.",
      "an answer of another connection with the same ports: the peer kept an old one",
      check: ["ss -tan", "conntrack -L -p tcp --orig-port-dst PORT"],
      fix: "see whether two clients come from one address and port (SNAT)",
      causes: ["stale-conntrack"]),
    .init(
      "TCP_INVALID_SYN", .application, .usual, "A SYN in the middle of a connection.",
      "a client that uses its port again while the server still holds the old connection",
      check: ["nstat -az TcpExtTCPSYNChallenge", "ss -tan"],
      fix: "none if rare; many: more SNAT ports (--random-fully), keepalives in the server"),
    .init(
      "TCP_ACK_UNSENT_DATA", .podNetwork, .fault,
      "It acknowledges data that was not sent yet.", "a forged packet, or a middlebox",
      check: ["nstat -az TcpExtTCPChallengeACK"], fix: "find who sends it: tcpdump -eni DEVICE"),
    .init(
      "TCP_RFC7323_PAWS", .podNetwork, .fault, "Its timestamp is older than the last one.",
      "two hosts behind one address and port (SNAT), or a very late packet",
      check: ["nstat -az TcpExtPAWSEstab"],
      fix: "see whether SNAT gives one port to two clients; net.ipv4.tcp_timestamps"),
    .init(
      "TCP_RFC7323_PAWS_ACK", .podNetwork, .usual,
      "An acknowledgement with a timestamp older than the last.", "reordering",
      check: ["nstat -az TcpExtPAWSOldAck"], fix: "none if rare"),
    .init(
      "TCP_RFC7323_TW_PAWS", .podNetwork, .fault,
      "A new connection's timestamp is older than its predecessor's.",
      "clients behind one SNAT address that use a port again within a minute",
      check: ["nstat -az TcpExtPAWSTimewait"],
      fix: "more SNAT addresses or ports (--random-fully); keep source addresses (Local policy)"),
    .init(
      "TCP_RFC7323_TSECR", .podNetwork, .fault, "It echoes a timestamp that was never sent.",
      "a forged packet, or a middlebox that rewrites TCP options",
      check: ["tcpdump -ni DEVICE -vv port PORT"], fix: "find who rewrites it"),
  ]

  /// TCP options that authenticate peers, as routers' BGP daemons use.
  static let tcpOptions: [ReasonWords] = [
    .init(
      "TCP_AUTH_HDR", .application, .fault, "Its authentication options are malformed.",
      "a broken or hostile BGP peer", check: ["tcpdump -ni DEVICE -vv port 179"],
      fix: "see to the peer"),
    .init(
      "TCP_MD5NOTFOUND", .application, .fault, "A TCP MD5 signature is expected and missing.",
      "a BGP peer without the password (Calico, MetalLB)",
      check: ["nstat -az TcpExtTCPMD5NotFound"], fix: "set the password on the peer"),
    .init(
      "TCP_MD5UNEXPECTED", .application, .fault, "It has a TCP MD5 signature, unexpected.",
      "a BGP peer with a password this end lacks (Calico, MetalLB)",
      check: ["nstat -az TcpExtTCPMD5Unexpected"], fix: "set the password on this end"),
    .init(
      "TCP_MD5FAILURE", .application, .fault, "Its TCP MD5 signature is wrong.",
      "BGP peers with different passwords, or NAT between them",
      check: ["nstat -az TcpExtTCPMD5Failure"], fix: "set the same password; no NAT between peers"
    ),
    .init(
      "TCP_AONOTFOUND", .application, .fault, "A TCP-AO signature is expected and missing.",
      "a BGP peer without the key", check: ["nstat -az TcpExtTCPAORequired"],
      fix: "set the key on the peer"),
    .init(
      "TCP_AOUNEXPECTED", .application, .fault, "It has a TCP-AO signature, unexpected.",
      "a BGP peer with a key this end lacks", check: ["nstat -az TcpExtTCPAOKeyNotFound"],
      fix: "set the key on this end"),
    .init(
      "TCP_AOKEYNOTFOUND", .application, .fault, "Its TCP-AO key is unknown.",
      "peers that are not at the same key", check: ["nstat -az TcpExtTCPAOKeyNotFound"],
      fix: "give both ends the same keys and ids"),
    .init(
      "TCP_AOFAILURE", .application, .fault, "Its TCP-AO signature is wrong.",
      "peers with different keys, or NAT between them", check: ["nstat -az TcpExtTCPAOBad"],
      fix: "give both ends the same keys; no NAT between peers"),
  ]
}
