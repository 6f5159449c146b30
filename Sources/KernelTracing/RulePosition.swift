internal import CLibbpf
public import FlowModel
internal import Glibc

extension NetworkNamespace {
  /// The number, from 1, of the rule a trace names in its chain, as iptables counts them; `nil` if it
  /// is there no more, or the trace names a policy.
  public func position(of trace: RuleTrace) throws(TracingError) -> Int? {
    guard let handle = trace.handle, let family = RuleTraceReader.number(of: trace.family) else {
      return nil
    }
    var request = NetfilterRequest(family: Int(family))
    request.add(NFT_MSG_GETRULE, flags: Int32(NLM_F_DUMP)) {
      $0.add(NFTA_RULE_TABLE.rawValue, trace.table)
      $0.add(NFTA_RULE_CHAIN.rawValue, trace.chain)
    }
    let handles = try inside { () throws(TracingError) in
      try Self.handles(of: request, trace)
    }
    return handles.firstIndex(of: handle).map { $0 + 1 }
  }

  /// The handles of the rules of the trace's chain, in their order.
  private static func handles(
    of request: NetfilterRequest, _ trace: RuleTrace
  ) throws(TracingError) -> [UInt64] {
    let socket = try NetfilterSocket()
    try socket.send(request.bytes)
    var handles: [UInt64] = []
    while case .messages(let messages) = try socket.receive() {
      for message in messages where NetfilterMessage.type(message) >> 8 == NFNL_SUBSYS_NFTABLES {
        let rule = NetlinkMessage(message, headerSize: NetfilterMessage.headerSize + 4)
        // old kernels dump more than what was asked for
        if rule.text(Int(NFTA_RULE_TABLE.rawValue)) == trace.table,
          rule.text(Int(NFTA_RULE_CHAIN.rawValue)) == trace.chain,
          let handle = rule.bigEndian(Int(NFTA_RULE_HANDLE.rawValue), as: UInt64.self)
        {
          handles.append(handle)
        }
      }
    }
    return handles
  }
}
