extension FlowRecord.ICMPError {
  /// Its usual name, as in `ICMP fragmentation needed`.
  public func name(isIPv4: Bool) -> String {
    switch (isIPv4, type, code) {
    case (true, 3, 0): "ICMP network unreachable"
    case (true, 3, 1): "ICMP host unreachable"
    case (true, 3, 3): "ICMP port unreachable"
    case (true, 3, 4): "ICMP fragmentation needed"
    case (true, 3, 9), (true, 3, 10), (true, 3, 13), (false, 1, 1): "ICMP prohibited"
    case (true, 11, _), (false, 3, _): "ICMP time exceeded"
    case (false, 1, 4): "ICMPv6 port unreachable"
    case (false, 1, _): "ICMPv6 unreachable"
    case (false, 2, _): "ICMPv6 packet too big"
    default: "ICMP \(type)/\(code)"
    }
  }
}
