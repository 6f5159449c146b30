internal import FlowModel

/// Finds, over the flows of a client, the names its resolver made with its search list before it
/// asked for the one that there is.
struct DNSSearches {
  /// ns between an answer and the next question of one search: a resolver asks at once.
  private static let pause: UInt64 = 1_000_000_000
  /// How many answers are remembered a client, and of how many clients.
  private static let keptAnswers = 64
  private static let keptClients = 4096

  /// By client: questions that were answered by NXDOMAIN, in the order they came.
  private var failed: [Address: [DNSExchange]] = [:]

  /// Takes a finished flow; what its answers ended. Flows come in the order they began, more or
  /// less.
  mutating func take(_ flow: Flow) -> DNSSearch? {
    let client = flow.original.source.address
    var result: DNSSearch?
    for exchange in flow.dns {
      guard let answer = exchange.answer, exchange.isAnswered, let asked = exchange.asked.first
      else { continue }
      if answer.code == .nameError {
        remember(exchange, of: client)
      } else if answer.code == .noError, let search = search(before: exchange, asked, of: client) {
        result = result.map { Self.merged($0, search) } ?? search
      }
    }
    return result
  }

  private mutating func remember(_ exchange: DNSExchange, of client: Address) {
    if failed[client] == nil, failed.count >= Self.keptClients { failed.removeAll() }
    var all = failed[client] ?? []
    if all.count >= Self.keptAnswers { all.removeFirst(all.count - Self.keptAnswers + 1) }
    all.append(exchange)
    failed[client] = all
  }

  private mutating func search(
    before found: DNSExchange, _ asked: UInt64, of client: Address
  ) -> DNSSearch? {
    guard let candidates = failed[client] else { return nil }
    var tried: [DNSExchange] = []
    var next = asked
    for exchange in candidates.sorted(by: { Self.time($0) > Self.time($1) })
    where exchange.type == found.type && Self.isSearch(exchange.name, for: found.name) {
      guard let answered = exchange.answer?.time, let begin = exchange.asked.first, begin < next,
        next < answered + Self.pause
      else { continue }
      tried.insert(exchange, at: 0)
      next = begin
    }
    guard !tried.isEmpty else { return nil }
    failed[client] = candidates.filter { !tried.contains($0) }
    return DNSSearch(tried: tried, found: found.name, lost: asked - next)
  }

  /// A and AAAA are searched for side by side.
  private static func merged(_ a: DNSSearch, _ b: DNSSearch) -> DNSSearch {
    guard a.found == b.found else { return a }
    let tried = (a.tried + b.tried).sorted { time($0) < time($1) }
    return DNSSearch(tried: tried, found: a.found, lost: max(a.lost, b.lost))
  }

  private static func time(_ exchange: DNSExchange) -> UInt64 { exchange.asked.first ?? 0 }

  /// Whether the one was made from the other by a search list: `web.prod.svc.cluster.local` of
  /// `web` for `web`, or what another suffix of the list made of the same name:
  /// `web.prod.default.svc.cluster.local` for `web.prod.svc.cluster.local`.
  static func isSearch(_ tried: String, for found: String) -> Bool {
    let tried = tried.lowercased()
    let found = found.lowercased()
    guard tried != found, found != "." else { return false }
    if tried.hasPrefix(found + ".") { return true }
    // Kubernetes' suffixes: each is the end of the one before
    let a = tried.split(separator: ".")
    let b = found.split(separator: ".")
    let same = zip(a, b).prefix { $0 == $1 }.count
    return same > 0 && a.count > b.count
      && a.suffix(b.count - same).elementsEqual(b.dropFirst(same))
  }
}
