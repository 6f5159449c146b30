internal import Recording

/// One trace of those that a page shows.
struct PageTrace {
  var header: HeaderRecord?
  /// CLOCK_BOOTTIME, ns: the header's, else the first connection's.
  private(set) var begin: UInt64
  private var last: UInt64 = 0
  private var isEmpty = true
  private(set) var summary: SummaryRecord?

  init(header: HeaderRecord?) {
    self.header = header
    begin = header?.clock.boottime ?? 0
  }

  mutating func add(_ flow: FlowRecord) {
    if isEmpty, header == nil { begin = flow.start }
    isEmpty = false
    last = max(last, flow.end)
  }

  mutating func end(_ record: SummaryRecord) { summary = record }

  /// ns; up to the last connection if the recording was cut off.
  var duration: UInt64 { summary?.duration ?? (last > begin ? last - begin : 0) }
  var eventsLost: UInt64 { summary?.eventsLost ?? 0 }
  var truncated: UInt64 { summary?.truncated ?? 0 }
}
