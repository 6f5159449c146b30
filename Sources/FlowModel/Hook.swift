/// Where a packet was seen; the raw values are those of `enum kft_hook` in bpf/event.h.
public enum Hook: UInt8, Sendable, CaseIterable {
  case tcIngress = 1
  case tcEgress = 2

  case nfRaw = 10
  case nfDNATDone = 11
  case nfFilter = 12
  case nfFilterDone = 13
  case nfSNAT = 14
  case nfSNATDone = 15

  case conntrackIn = 30
  case conntrackConfirm = 31
  case natFunction = 32
  case natManip = 33
  case hookSlow = 34
  case iptTable = 35
  case nftChain = 36
  case ipReceive = 40
  case ipForward = 41
  case ipDeliver = 42
  case ipOutput = 43
  case bridgeIn = 44
  case bridgeOut = 45
  case vxlanTransmit = 46
  case vxlanReceive = 47
  case icmpSend = 48
  case ipvs = 49

  case drop = 60
  case resetSent = 61
  case retransmit = 63
}

/// The netfilter hook, numbered as `enum nf_inet_hooks`.
public enum NetfilterHook: UInt8, Sendable, CaseIterable {
  case prerouting = 0
  case input = 1
  case forward = 2
  case output = 3
  case postrouting = 4
}

extension NetfilterHook: CustomStringConvertible {
  /// The name of the hook's built-in chain: `PREROUTING`, `INPUT`, ….
  public var description: String {
    switch self {
    case .prerouting: "PREROUTING"
    case .input: "INPUT"
    case .forward: "FORWARD"
    case .output: "OUTPUT"
    case .postrouting: "POSTROUTING"
    }
  }
}

/// The table a packet entered, numbered as `enum kft_table` in bpf/event.h.
public enum Table: UInt8, Sendable, CaseIterable {
  case other = 0
  case filter = 1
  case nat = 2
  case mangle = 3
  case raw = 4
  case security = 5
  case kubeProxy = 6
}

extension Table: CustomStringConvertible {
  /// The table's name as iptables and nft write it; `other` for any unknown one.
  public var description: String {
    switch self {
    case .other: "other"
    case .filter: "filter"
    case .nat: "nat"
    case .mangle: "mangle"
    case .raw: "raw"
    case .security: "security"
    case .kubeProxy: "kube-proxy"
    }
  }
}

/// The flags of a TCP header.
public struct TCPFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let fin = TCPFlags(rawValue: 1)
  public static let syn = TCPFlags(rawValue: 2)
  public static let rst = TCPFlags(rawValue: 4)
  public static let psh = TCPFlags(rawValue: 8)
  public static let ack = TCPFlags(rawValue: 16)
}

extension TCPFlags: CustomStringConvertible {
  /// `SYN`, `SYN-ACK`, `ACK`, `PSH-ACK`, …; `-` without any.
  public var description: String {
    let names: [(TCPFlags, String)] = [
      (.syn, "SYN"), (.fin, "FIN"), (.rst, "RST"), (.psh, "PSH"), (.ack, "ACK"),
    ]
    let set = names.filter { contains($0.0) }.map(\.1)
    return set.isEmpty ? "-" : set.joined(separator: "-")
  }
}
