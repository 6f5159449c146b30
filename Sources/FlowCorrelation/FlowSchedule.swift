/// When each flow has to be looked at: so that nobody has to look at all of them.
struct FlowSchedule {
  /// ns in one slot.
  private static let slot: UInt64 = 100_000_000
  /// Of a flow that is in none.
  static let never = UInt64.max

  /// Their ids by the number of the slot; a flow may be in an earlier one than it has to, and in
  /// several.
  private var slots: [UInt64: [UInt64]] = [:]
  /// Every slot before this one is empty.
  private var first = UInt64.max
  /// Flows that have changed, so that they may have to be looked at earlier.
  private var touched: [FlowBuilder] = []

  /// A flow has changed.
  mutating func touch(_ builder: FlowBuilder) {
    guard !builder.isTouched else { return }
    builder.isTouched = true
    touched.append(builder)
  }

  /// Takes out those of `flows` that may be due at `now`. Those that are not are to be touched again.
  mutating func due(
    now: UInt64, _ patience: FlowPatience, _ flows: [UInt64: FlowBuilder]
  ) -> [FlowBuilder] {
    for builder in touched {
      builder.isTouched = false
      guard let time = builder.due(patience) else { continue }
      let slot = time / Self.slot
      guard slot < builder.slot else { continue }
      builder.slot = slot
      slots[slot, default: []].append(builder.id)
      first = min(first, slot)
    }
    touched.removeAll(keepingCapacity: true)
    var found: [FlowBuilder] = []
    func take(_ slot: UInt64) {
      for id in slots.removeValue(forKey: slot) ?? [] {
        guard let builder = flows[id], builder.slot == slot else { continue }
        builder.slot = Self.never
        found.append(builder)
      }
    }
    let end = now / Self.slot
    guard first <= end else { return found }
    if end - first > UInt64(slots.count) {
      for slot in slots.keys where slot <= end { take(slot) }
    } else {
      for slot in first...end { take(slot) }
    }
    first = slots.isEmpty ? .max : end
    return found
  }
}
