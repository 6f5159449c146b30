import Diagnosis
import Recording
import Rendering

/// Recorded connections on stdout, as a live trace shows them, and their summary.
struct FlowOutput {
  private let isJSON: Bool
  private let dropsOnly: Bool
  private let style = Style(isColoured: Output.isColoured)
  private var flowText: FlowText
  private var summary = Summary()
  private var lines = RecordLines()
  private var isInBlock = false
  private(set) var isReaderGone = false

  init(isJSON: Bool, dropsOnly: Bool, verbosity: Int) {
    self.isJSON = isJSON
    self.dropsOnly = dropsOnly
    flowText = FlowText(style: style, verbosity: verbosity)
  }

  var hasFailures: Bool { summary.failures > 0 }

  /// `line`: as it was recorded, if it was.
  mutating func tell(_ flow: FlowRecord, line: [UInt8]? = nil) {
    summary.add(flow)
    guard flow.diagnosis?.isFailure ?? false || !dropsOnly else { return }
    if isJSON {
      lines.removeAll()
      if line == nil { lines.append(flow) }
      isReaderGone = !Output.result(line ?? lines.bytes)
    } else {
      let text = flowText.render(flow)
      isInBlock = text.hasSuffix("\n\n")
      isReaderGone = !Output.result(text)
    }
  }

  /// `duration`: ns of tracing.
  mutating func finish(duration: UInt64, eventsLost: UInt64, truncated: UInt64) {
    let record = summary.record(duration: duration, eventsLost: eventsLost, truncated: truncated)
    if isJSON {
      lines.removeAll()
      lines.append(record)
      _ = Output.result(lines.bytes)
      Output.remark(SummaryText(style: Style(isColoured: false)).render(record))
    } else {
      _ = Output.result((isInBlock ? "" : "\n") + SummaryText(style: style).render(record))
    }
  }
}
