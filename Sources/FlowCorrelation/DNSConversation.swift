internal import FlowModel

/// What was asked and answered in one flow.
struct DNSConversation {
  /// How many exchanges are kept.
  private static let kept = 256
  /// ns for which the same message in the same packet is another sighting of it: a packet crosses
  /// a node in less, and no resolver asks again so soon.
  private static let moment: UInt64 = 300_000_000

  /// In the order they were first seen.
  private(set) var exchanges: [DNSExchange] = []
  private(set) var omitted = 0
  /// IPv4 identifications of the packets of `exchanges` seen last: question and answer.
  private var packets: [(question: UInt16?, answer: UInt16?)] = []

  /// Whether a question has no answer yet.
  var isWaiting: Bool { exchanges.contains { $0.isUnanswered } }

  /// Takes a message; the number of its exchange, counted from the flow's first.
  mutating func take(_ message: DNSMessage, _ event: Event) -> Int {
    let index = message.isResponse ? answer(message, event) : ask(message, event)
    return omitted + index
  }

  private mutating func ask(_ message: DNSMessage, _ event: Event) -> Int {
    let name = message.question?.name ?? ""
    let type = message.question?.type
    if let i = exchanges.lastIndex(where: {
      $0.id == message.id && $0.type == type && ($0.name == name || $0.name.isEmpty)
    }) {
      if let last = exchanges[i].asked.last {
        if packets[i].question == event.ipID, event.time < last + Self.moment { return i }
        if exchanges[i].isUnanswered {
          exchanges[i].asked.append(event.time)
          packets[i].question = event.ipID
          return i
        }
      } else {
        // two processors' records may come out of order
        exchanges[i].name = name
        exchanges[i].asked = [event.time]
        packets[i].question = event.ipID
        return i
      }
    }
    return append(DNSExchange(id: message.id, name: name, type: type, asked: [event.time]), event)
  }

  private mutating func answer(_ message: DNSMessage, _ event: Event) -> Int {
    let question = message.question
    let found = exchanges.lastIndex { exchange in
      exchange.id == message.id
        && (question == nil
          || exchange.type == question?.type
            && exchange.name.lowercased() == question?.name.lowercased())
    }
    let answer = DNSExchange.Answer(message, time: event.time)
    guard let i = found else {
      var exchange = DNSExchange(
        id: message.id, name: question?.name ?? "", type: question?.type, asked: [])
      exchange.answer = answer
      return append(exchange, event, isAnswer: true)
    }
    // the first is what counts, unless it was dropped
    if !exchanges[i].isAnswered {
      exchanges[i].answer = answer
      packets[i].answer = event.ipID
    }
    return i
  }

  private mutating func append(
    _ exchange: DNSExchange, _ event: Event, isAnswer: Bool = false
  ) -> Int {
    if exchanges.count >= 2 * Self.kept {
      omitted += Self.kept
      exchanges.removeFirst(Self.kept)
      packets.removeFirst(Self.kept)
    }
    exchanges.append(exchange)
    packets.append(isAnswer ? (nil, event.ipID) : (event.ipID, nil))
    return exchanges.count - 1
  }

  /// An answer's packet was seen again, nearer to who asked, or was dropped.
  mutating func follow(_ number: Int, _ event: Event, isDrop: Bool) {
    let i = number - omitted
    guard exchanges.indices.contains(i), let answer = exchanges[i].answer,
      packets[i].answer == event.ipID, event.time < answer.time + Self.moment
    else { return }
    exchanges[i].answer?.time = max(answer.time, event.time)
    if isDrop { exchanges[i].answer?.isDropped = true }
  }

  /// Two traces of one flow that turned out to be the same.
  mutating func absorb(_ other: DNSConversation) {
    for (i, theirs) in other.exchanges.enumerated() {
      guard
        let mine = exchanges.firstIndex(where: {
          $0.id == theirs.id && $0.name == theirs.name && $0.type == theirs.type
        })
      else {
        exchanges.append(theirs)
        packets.append(other.packets[i])
        continue
      }
      if exchanges[mine].asked.isEmpty { exchanges[mine].asked = theirs.asked }
      if exchanges[mine].answer == nil { exchanges[mine].answer = theirs.answer }
    }
    omitted += other.omitted
    let order = exchanges.indices.sorted { Self.time(exchanges[$0]) < Self.time(exchanges[$1]) }
    (exchanges, packets) = (order.map { exchanges[$0] }, order.map { packets[$0] })
  }

  private static func time(_ exchange: DNSExchange) -> UInt64 {
    exchange.asked.first ?? exchange.answer?.time ?? 0
  }

  /// As the flow has them. `unread`: packets came back whose bytes could not be read.
  func told(unread: Bool) -> [DNSExchange] {
    exchanges.map { exchange in
      var exchange = exchange
      exchange.mayBeAnswered = unread && exchange.isUnanswered && exchange.answer == nil
      return exchange
    }
  }
}
