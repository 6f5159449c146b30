internal import FlowModel

/// What is wrong with lookups whose packets all arrived.
extension Cause {
  /// Names that the resolver's search list made were asked for in vain before the one that there is.
  /// It worked, so this is no failure: only time lost, and questions the DNS Service had to answer.
  static let dnsSearchExpansion = Cause("dns-search-expansion") { given in
    guard let search = given.flow.dnsSearch else { return nil }
    let client = given.flow.original.source.address
    let names = search.names
    let width = names.map(\.count).max() ?? 0
    let rows = names.map { name in
      let answers = search.tried.filter { $0.name == name }
      let types = answers.compactMap { $0.type?.description }
      let slowest = answers.compactMap(\.latency).max() ?? 0
      return "\(name)\(String(repeating: " ", count: width - name.count))  "
        + "\(types.joined(separator: ", "))  NXDOMAIN  \(slowest.milliseconds)"
    }
    let dots = search.written.split(separator: ".").count - 1
    let count = search.tried.count
    let isAsIs = search.written == search.found
    return Explanation(
      cause: "dns-search-expansion", layer: .dns, certainty: .certain,
      why:
        "the resolver of \(client) tried \(search.written) with \(plural(names.count, "search suffix"))"
        + " in vain before "
        + (isAsIs
          ? "it asked for the name itself: it has \(plural(dots, "dot")), fewer than resolv.conf's ndots"
          : search.found),
      evidence: rows + [
        "\(search.lost.milliseconds) lost, and \(plural(count, "question")) in vain for the DNS "
          + "server"
      ],
      check: ["kubectl exec POD -- cat /etc/resolv.conf   (the pod with address \(client))"],
      fix:
        "write the name with a dot at its end, \(search.found)."
        + (isAsIs && dots > 0
          ? ", or set ndots: \(dots) in the pod's dnsConfig.options (Kubernetes' default is 5)"
          : ""),
      severity: .delay)
  }
}

private func plural(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : noun.hasSuffix("x") ? "es" : "s")"
}

extension UInt64 {
  /// ns as `0.8 ms`.
  fileprivate var milliseconds: String {
    let tenths = (self + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
