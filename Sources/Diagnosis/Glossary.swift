/// What a word of the kernel's means, for people and as JSON.
public struct GlossaryEntry: Codable, Hashable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case reason
    case function
  }

  public var type = "explanation"
  public var kind: Kind
  public var name: String
  /// The reason's number on the running kernel.
  public var value: UInt32?
  /// The part of the kernel whose reason it is, as in `openvswitch`; `nil` for the core's.
  public var subsystem: String?
  /// Whether the running kernel has it; `nil` if that can't be told.
  public var isKnownHere: Bool?
  public var layer: Layer?
  public var weight: ReasonWords.Weight?
  public var isHarmless: Bool?
  /// `nil` where there are no words for it.
  public var what: String?
  public var usually: String?
  public var check: [String]?
  public var fix: String?
  /// Causes of ours that it leads to.
  public var causes: [String]?
  /// Reasons the kernel gives in this function.
  public var reasons: [String]?
  /// The module a function is in.
  public var module: String?

  init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }
}

/// The running kernel's drop reasons and functions in our words.
public struct Glossary {
  /// A function of the running kernel.
  public struct Function: Hashable, Sendable {
    /// Its module; `nil` in the kernel itself.
    public var module: String?

    public init(module: String?) { self.module = module }
  }

  /// A word that is neither: one line that says so and names the closest.
  public struct UnknownWord: Error {
    public var message: String
  }

  private let reasons: [(value: UInt32, name: String)]
  private let subsystems: [UInt32: String]
  private let function: (String) -> Function?

  /// `reasons`: the running kernel's, empty if it has none or does not tell; `subsystems`: names of
  /// its parts by the upper 16 bits of their reasons; `function`: looks a function up.
  public init(
    reasons: [(value: UInt32, name: String)], subsystems: [UInt32: String] = [:],
    function: @escaping (String) -> Function?
  ) {
    self.reasons = reasons.filter { !ReasonWords.isPlaceholder($0.name) }
    self.subsystems = subsystems
    self.function = function
  }

  /// Every reason of the running kernel, by number.
  public var all: [GlossaryEntry] { reasons.map { entry($0.name, $0.value) } }

  /// A reason by name or number, or a function as in a drop's location.
  public func entry(for text: String) throws(UnknownWord) -> GlossaryEntry {
    if let number = number(text) {
      if let found = reasons.first(where: { $0.value == number }) {
        return entry(found.name, number)
      }
      if text.uppercased().hasPrefix("SUBSYSTEM_") { return entry(text.uppercased(), number) }
      throw UnknownWord(
        message: "\(text): this kernel has no drop reason of that number; without a name explain "
          + "lists them")
    }
    let name = ReasonWords.plain(text)
    if let found = reasons.first(where: { $0.name.uppercased() == name }) {
      return entry(found.name, found.value)
    }
    if ReasonWords(named: name) != nil { return entry(name, nil) }
    return try functionEntry(text)
  }

  /// `7`, `0x30001`, or what we call a reason no name is known of: `SUBSYSTEM_3_1`, `REASON_7`.
  private func number(_ text: String) -> UInt32? {
    if let number = UInt32(text) { return number }
    let lower = text.lowercased()
    if lower.hasPrefix("0x") { return UInt32(lower.dropFirst(2), radix: 16) }
    let words = lower.split(separator: "_", omittingEmptySubsequences: false)
    switch (words.first, words.count) {
    case ("reason", 2): return UInt32(words[1])
    case ("subsystem", 3):
      guard let part = UInt16(words[1]), let rest = UInt16(words[2]) else { return nil }
      return UInt32(part) << 16 | UInt32(rest)
    default: return nil
    }
  }

  private func entry(_ name: String, _ value: UInt32?) -> GlossaryEntry {
    var entry = GlossaryEntry(.reason, name)
    entry.value = value
    entry.subsystem = value.flatMap { $0 >> 16 == 0 ? nil : subsystems[$0 >> 16] }
    entry.isKnownHere = reasons.isEmpty ? nil : reasons.contains { $0.name == name }
    if let words = ReasonWords(named: name) {
      entry.layer = words.layer
      entry.weight = words.weight
      entry.isHarmless = words.isHarmless
      entry.what = words.what
      entry.usually = words.usually
      entry.check = words.check
      entry.fix = words.fix
      entry.causes = words.causes
    }
    return entry
  }

  private func functionEntry(_ text: String) throws(UnknownWord) -> GlossaryEntry {
    let name = FunctionWords.plain(text)
    let found = function(name)
    let words = FunctionWords(named: name)
    guard words != nil || found != nil else { throw unknown(text) }
    var entry = GlossaryEntry(.function, name)
    entry.isKnownHere = found != nil
    entry.module = found == nil ? words?.module : found?.module
    if let words {
      entry.layer = words.layer
      entry.what = words.what
      entry.usually = words.usually
      entry.check = words.check
      entry.fix = words.fix
      entry.reasons = words.reasons
      entry.causes = words.causes
    }
    return entry
  }

  private func unknown(_ text: String) -> UnknownWord {
    let known = Set(reasons.map(\.name)).union(ReasonWords.all.map(\.name))
      .union(FunctionWords.all.map(\.name))
    let word = FunctionWords.plain(ReasonWords.plain(text))
    return UnknownWord(
      message: "\(text): no drop reason of this kernel, and no function of it; did you mean "
        + ClosestNames.to(word, among: known).joined(separator: ", ") + "?")
  }
}
