/// Names that somebody who mistyped may have meant.
public enum ClosestNames {
  /// The closest of `names` to a word, the closest first; case does not count.
  public static func to(
    _ word: String, among names: some Sequence<String>, count: Int = 3
  ) -> [String] {
    let bytes = Array(word.uppercased().utf8.prefix(64))
    return names.map { (name: $0, distance: distance(bytes, Array($0.uppercased().utf8))) }
      .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
      .prefix(count).map(\.name)
  }

  /// Insertions, removals and changes from one to the other; what is left out at either end counts an
  /// eighth, so that `DROP` finds `QDISC_DROP`.
  private static func distance(_ word: [UInt8], _ name: [UInt8]) -> Int {
    var row = Array(0...name.count)
    for (i, byte) in word.enumerated() {
      var corner = row[0]
      row[0] = 8 * (i + 1)
      for (j, other) in name.enumerated() {
        let changed = corner + (byte == other ? 0 : 8)
        corner = row[j + 1]
        row[j + 1] = min(changed, row[j] + 8, corner + 8)
      }
    }
    return row.enumerated().map { $1 + name.count - $0 }.min() ?? 0
  }
}
