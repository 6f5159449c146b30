/// What kube-proxy's comment on a rule tells: `default/web:http cluster IP`.
struct ServiceComment: Hashable {
  var namespace: String
  var name: String
  var portName: String?
  /// The comment without the name.
  var rest: String

  /// `nil` if no word of the comment is `namespace/name[:port]`.
  init?(_ comment: String) {
    var words = comment.split(separator: " ").map(String.init)
    for (i, word) in words.enumerated() {
      let parts = word.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, Self.isLabel(parts[0]) else { continue }
      let names = parts[1].split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = names.first, Self.isLabel(name) else { continue }
      if names.count == 2, !Self.isLabel(names[1]) { continue }
      namespace = String(parts[0])
      self.name = String(name)
      portName = names.count == 2 ? String(names[1]) : nil
      words.remove(at: i)
      rest = words.joined(separator: " ")
      return
    }
    return nil
  }

  /// A DNS label, as all names in Kubernetes are.
  private static func isLabel(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.count <= 253
      && text.utf8.allSatisfy { byte in
        (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 46
      }
  }
}
