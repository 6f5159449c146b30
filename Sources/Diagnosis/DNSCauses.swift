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
    let dots = search.found.split(separator: ".").count - 1
    let count = search.tried.count
    return Explanation(
      cause: "dns-search-expansion", layer: .dns, certainty: .certain,
      why:
        "the resolver of \(client) asked for \(names.count) name\(names.count == 1 ? "" : "s") made "
        + "with its search list before \(search.found), which has \(dots) dot\(dots == 1 ? "" : "s"): "
        + "resolv.conf has ndots larger than that",
      evidence: rows + [
        "\(search.lost.milliseconds) lost, with \(count) question\(count == 1 ? "" : "s") more for "
          + "the DNS server to answer"
      ],
      check: [given.run("cat /etc/resolv.conf", ofPodOf: client)],
      fix:
        "write the name with a dot at its end (\(search.found).), or give the pod dnsConfig.options "
        + "ndots: \(max(dots, 1)); Kubernetes' default is 5",
      severity: .delay)
  }
}

extension Case {
  fileprivate func run(_ command: String, ofPodOf client: Address) -> String {
    "kubectl exec POD -- \(command)   (the pod with address \(client))"
  }
}

extension UInt64 {
  /// ns as `0.8 ms`.
  fileprivate var milliseconds: String {
    let tenths = (self + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
