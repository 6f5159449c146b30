internal import Diagnosis
internal import FlowModel

/// How the connections to one Service spread over its endpoints.
struct Spread: Sendable {
  struct Count: Sendable {
    var flows = 0
    var failed = 0

    static func += (sum: inout Count, change: Count) {
      sum.flows += change.flows
      sum.failed += change.failed
    }
  }

  let service: ServiceName
  var endpoints: [Endpoint: Count] = [:]

  /// The endpoint that all failures go through, when it fails at least every second time and the
  /// others, tried often enough, never do.
  var culprit: (endpoint: Endpoint, count: Count, others: Int)? {
    let bad = endpoints.filter { $0.value.failed > 0 }
    guard bad.count == 1, let (endpoint, count) = bad.first, count.failed >= 2,
      count.failed * 2 >= count.flows
    else { return nil }
    let others = endpoints.reduce(0) { $0 + ($1.key == endpoint ? 0 : $1.value.flows) }
    return others >= 3 ? (endpoint, count, others) : nil
  }

  /// What single connections can't show, a sentence each.
  func findings(_ style: Style) -> [String] {
    var lines: [String] = []
    if let (endpoint, count, others) = culprit {
      let share = service.endpointCount > 0 ? 100 / service.endpointCount : 0
      lines.append(
        style.red("✗ endpoint-failing") + "  \(service.fullName.printable) fails only through "
          + "\(endpoint): \(count.failed) of \(count.flows) there, none of \(others) elsewhere"
          + (share > 0 && share < 100 ? "; about \(share) % of its connections go there" : ""))
    }
    if let seconds = service.affinitySeconds, service.endpointCount > 1,
      endpoints.values.contains(where: { $0.flows > 1 })
    {
      lines.append(
        "\(service.fullName.printable) has sessionAffinity ClientIP: for \(seconds) s a client stays "
          + "with one endpoint")
    }
    return lines
  }
}
