internal import Export
internal import FlowModel
internal import Glibc
internal import Merging
internal import Recording
internal import Rendering

/// A recording, through all that reads one: replay, its text and JSON, every export, merge.
@Sendable func readRecording(_ bytes: [UInt8]) {
  // those are other programs' input
  if bytes.starts(with: [0x1f, 0x8b]) || bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return }
  var name = Array("/dev/shm/kflowtrace-fuzz-XXXXXX".utf8CString)
  let file = unsafe mkstemp(&name)
  precondition(file >= 0, "mkstemp: \(errno)")
  unsafe unlink(&name)
  defer { close(file) }
  let written = unsafe bytes.withUnsafeBytes { raw in unsafe write(file, raw.baseAddress, raw.count)
  }
  precondition(written == bytes.count)
  let path = "/proc/self/fd/\(file)"
  let records = records(of: path)
  replay(records)
  for format in ExportFormat.allCases { export(records, format) }
  merge(records)
}

/// What can be read of it; damage is told in one line.
private func records(of path: String) -> [Record] {
  guard let reader = try? RecordingReader(path: path, events: true) else { return [] }
  var records: [Record] = []
  while true {
    do {
      guard let line = try reader.next() else { return records }
      if let record = line.record { records.append(record) }
    } catch let damage as RecordingReader.Damage {
      requireHarmless(damage.reason.printable)
    } catch {
      return records
    }
  }
}

private func replay(_ records: [Record]) {
  var text = FlowText(style: Style(isColoured: false), verbosity: 2)
  var summary = Summary()
  var lines = RecordLines()
  for record in records {
    switch record {
    case .header(let header): lines.append(header)
    case .event: break
    case .flow(let flow):
      summary.add(flow)
      lines.append(flow)
      requireHarmless(text.render(flow))
    case .summary(let sums):
      lines.append(sums)
      requireHarmless(SummaryText(style: Style(isColoured: false)).render(sums))
    }
  }
  let sums = summary.record(duration: 1, eventsLost: 0)
  lines.append(sums)
  requireHarmless(SummaryText(style: Style(isColoured: false)).render(sums))
  requireJSONLines(lines.bytes)
}

private func export(_ records: [Record], _ format: ExportFormat) {
  var exporter = format.exporter(isFiltered: false)
  var header: HeaderRecord?
  for case .flow(let flow) in records { exporter.learn(flow, nil, isWanted: true) }
  var written: [UInt8] = []
  for record in records {
    if case .header(let new) = record { header = new }
    written += exporter.add(record, header)
  }
  written += exporter.end()
  if format == .hubble || format == .otlp { requireJSONLines(written) }
}

private func merge(_ records: [Record]) {
  var merger = Merger(labels: ["one", "two"])
  for record in records { for node in 0...1 { merger.learn(record, of: node) } }
  merger.settle()
  for case .event(let event) in records {
    for node in 0...1 {
      _ = merger.time(event, of: node)
      merger.add(event, of: node)
    }
  }
  _ = merger.finished(now: .max)
}
