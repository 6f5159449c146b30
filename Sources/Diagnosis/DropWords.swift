internal import FlowModel

/// What our words say of one drop: those of its reason, else those of the function it happened in.
struct DropWords {
  /// `nil` if it may be anybody's.
  let layer: Layer?
  let what: String
  /// `nil` where the fix says it.
  let usually: String?
  /// With words in capitals to fill in.
  let check: [String]
  let fix: String

  /// `nil` if there are words for neither.
  init?(_ drop: Drop) {
    let function = drop.place.flatMap { FunctionWords(named: $0) }
    if drop.reason != "NOT_SPECIFIED", let reason = ReasonWords(named: drop.reason) {
      layer = reason.layer ?? function?.layer
      what = reason.what
      usually = reason.usually
      check = reason.check
      fix = reason.fix
    } else if let function {
      layer = function.layer
      what = function.what
      usually = function.fix == nil ? nil : function.usually
      check = function.check
      fix = function.fix ?? "usually: \(function.usually)"
    } else {
      return nil
    }
  }
}

extension Case {
  /// The first three commands for a drop, with its device's name, to be run where it happened.
  func commands(_ words: DropWords, _ drop: Drop) -> [String] {
    words.check.prefix(3).map { command in
      let filled = command.replacing("DEVICE", with: device(drop.event).shellWord)
      let isForCluster = filled.hasPrefix("kubectl ") || filled.hasPrefix("kflowtrace ")
      return isForCluster ? filled : run(filled, in: drop.event.netns)
    }
  }
}
