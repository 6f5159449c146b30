public import Diagnosis
internal import FlowModel

/// Words of the kernel's, explained for people.
public struct GlossaryText {
  private let style: Style

  public init(style: Style) { self.style = style }

  /// A line a reason: number, name, meaning.
  public func table(_ entries: [GlossaryEntry]) -> String {
    let width = entries.map(\.name.count).max() ?? 0
    let digits = entries.map { "\($0.value ?? 0)".count }.max() ?? 0
    return entries.map { entry in
      let value = (entry.value.map { "\($0)" } ?? "").leftPadded(digits)
      let name = entry.name.padded(width)
      let meaning = entry.what ?? style.dim(noWords(entry))
      return style.dim(value) + "  "
        + (entry.weight == .fault ? name : style.dim(name)) + "  " + meaning + "\n"
    }.joined()
  }

  /// A paragraph a word.
  public func paragraph(_ entry: GlossaryEntry) -> String {
    var text = style.bold(entry.name.printable) + style.dim(whereabouts(entry)) + "\n"
    func add(_ label: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      text += "  " + style.dim(label.padded(8)) + " " + value + "\n"
    }
    add("what", entry.what ?? noWords(entry))
    add("usually", entry.usually)
    add("layer", entry.layer?.rawValue)
    switch entry.weight {
    case .harmless: add("harmless", "freed in the course of things; kflowtrace calls it no drop")
    case .usual: add("harmless", "mostly: one to be looked at only if a connection fails with it")
    case .fault, nil: break
    }
    for (i, command) in (entry.check ?? []).enumerated() { add(i == 0 ? "check" : "", command) }
    add("fix", entry.isHarmless == true ? nil : entry.fix)
    add("reasons", entry.reasons?.joined(separator: ", "))
    add("leads to", entry.causes?.joined(separator: ", "))
    return text
  }

  private func noWords(_ entry: GlossaryEntry) -> String {
    switch entry.kind {
    case .function: "a function of this kernel that there are no words for"
    case .reason: "there are no words for it" + (entry.subsystem.map { ": \($0)'s own" } ?? "")
    }
  }

  private func whereabouts(_ entry: GlossaryEntry) -> String {
    switch entry.kind {
    case .reason:
      if let value = entry.value, entry.isKnownHere == true { return "   \(value) on this kernel" }
      return entry.isKnownHere == nil
        ? "   this kernel does not tell its reasons" : "   not a reason of this kernel"
    case .function:
      let isHere = entry.isKnownHere == true
      if let module = entry.module?.printable {
        return isHere ? "   in module \(module)" : "   not here: module \(module) is not loaded"
      }
      return isHere ? "   in this kernel" : "   this kernel has no such symbol"
    }
  }
}
