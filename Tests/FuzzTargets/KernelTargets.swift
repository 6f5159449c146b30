internal import Diagnosis
internal import FlowCorrelation
internal import FlowFixtures
internal import FlowModel
internal import KernelTracing
internal import Recording
internal import Rendering

/// Records of the ring buffer, a byte of length before each, from decoding to the text of what they add
/// up to.
@Sendable func readEvents(_ bytes: [UInt8]) {
  var correlator = FlowCorrelator()
  var lines = RecordLines()
  let node = SampleNode()
  var rest = bytes[...]
  while let length = rest.popFirst() {
    // a record of the kernel is 192 bytes, and with a payload up to 448
    let record = Array(rest.prefix(Int(length) * 2))
    rest = rest.dropFirst(record.count)
    unsafe record.withUnsafeBytes { raw in
      guard let event = unsafe Event(record: raw) else { return }
      correlator.ingest(event, payload: unsafe Event.payload(record: raw))
      lines.append(event, on: node)
    }
  }
  var text = FlowText(style: Style(isColoured: false), verbosity: 2)
  var summary = Summary()
  for flow in correlator.drain() {
    let record = FlowRecord(flow, Diagnoser.explain(flow, on: node), on: node)
    summary.add(record)
    lines.append(record)
    requireHarmless(text.render(record))
  }
  let sums = summary.record(duration: 1, eventsLost: 0)
  lines.append(sums)
  requireHarmless(SummaryText(style: Style(isColoured: false)).render(sums))
  requireJSONLines(lines.bytes)
}

/// A datagram of nfnetlink's rule trace.
@Sendable func readRuleTrace(_ bytes: [UInt8]) {
  var reader = RuleTraceReader()
  for message in NetfilterMessage.split(bytes) {
    _ = NetfilterMessage.answer(message)
    if let death = reader.read(message) { requireHarmless("\(death.trace)".printable) }
  }
}

/// Text of /proc/kallsyms, and of /proc/net/stat/nf_conntrack.
@Sendable func readProc(_ bytes: [UInt8]) {
  let symbols = KernelSymbols(kallsyms: bytes)
  for address in [0, 1, 0xffff_ffff_8100_0010, UInt64.max] {
    if let place = symbols.place(of: address) { requireHarmless(place.function.printable) }
  }
  for name in ["nf_hook_slow", "a", ""] { _ = KernelSymbols.find(name, kallsyms: bytes) }
  _ = ConntrackTable.Counters(statistics: String(decoding: bytes, as: UTF8.self))
}

/// The payload of a UDP packet of port 53.
@Sendable func readDNS(_ bytes: [UInt8]) {
  guard let message = DNSMessage(bytes), let question = message.question else { return }
  let isVisible = question.name.unicodeScalars.allSatisfy {
    (0x21..<0x7f).contains($0.value) || $0 == "…"
  }
  precondition(isVisible, question.name.debugDescription)
  precondition(question.name.utf8.count <= 4 * 255)
}
