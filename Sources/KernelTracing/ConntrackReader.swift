public import FlowModel

extension NetworkNamespace {
  /// What connection tracking has counted here; `nil` if the kernel does not tell
  /// (CONFIG_NF_CONNTRACK_PROCFS).
  public func conntrackCounters() -> ConntrackTable.Counters? {
    try? inside { () throws(TracingError) in try Self.readCounters() }
  }

  /// How full the connection tracking table is; `nil` if there is none, or the kernel does not tell.
  public func conntrackTable() -> ConntrackTable? {
    try? inside { () throws(TracingError) in
      ConntrackTable(
        count: try Self.readNumber("count"), limit: try Self.readNumber("max"),
        counters: try Self.readCounters())
    }
  }

  /// /proc/sys/net shows the namespace of the thread that opens it.
  private static func readNumber(_ name: String) throws(TracingError) -> UInt64 {
    let text = try String(reading: "/proc/sys/net/netfilter/nf_conntrack_\(name)")
    return UInt64(text.prefix { $0.isNumber }) ?? 0
  }

  private static func readCounters() throws(TracingError) -> ConntrackTable.Counters {
    ConntrackTable.Counters(
      statistics: try String(reading: "/proc/thread-self/net/stat/nf_conntrack"))
  }
}

extension ConntrackTable.Counters {
  /// A line of names, then one of hexadecimal numbers a processor (ct_cpu_seq_show).
  package init(statistics text: String) {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    func sum(_ name: String) -> UInt64 {
      guard let column = lines.first?.firstIndex(of: name[...]) else { return 0 }
      return lines.dropFirst().reduce(0) { total, line in
        total &+ (column < line.count ? UInt64(line[column], radix: 16) ?? 0 : 0)
      }
    }
    self.init(
      dropped: sum("drop"), evicted: sum("early_drop"), insertFailed: sum("insert_failed"))
  }
}
