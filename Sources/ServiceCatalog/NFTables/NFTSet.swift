internal import FlowModel

/// A named set or map.
struct NFTSet: Hashable, Sendable {
  var name: String
  /// The declared kinds of the parts of a key.
  var types: [NFTDatatype]
  var comment: String?
  /// Seconds after which elements leave.
  var timeout: Int64?
  /// Rules or time change it: what it had when it was read says little of another time.
  var isDynamic: Bool
  let elements: [NFTElement]

  /// Places of the elements without ranges by their keys, and of all others.
  private let exact: [[NFTDatum]: Int]
  private let others: [Int]

  init(
    name: String, types: [NFTDatatype], comment: String? = nil, timeout: Int64? = nil,
    isDynamic: Bool = false, elements: [NFTElement] = []
  ) {
    self.name = name
    self.types = types
    self.comment = comment
    self.timeout = timeout
    self.isDynamic = isDynamic
    self.elements = elements
    var exact: [[NFTDatum]: Int] = [:]
    exact.reserveCapacity(elements.count)
    var others: [Int] = []
    for (i, element) in elements.enumerated() {
      if let key = element.key.scalars(types) {
        exact[key] = i
      } else {
        others.append(i)
      }
    }
    self.exact = exact
    self.others = others
  }

  /// The elements a packet's key may hit, in order, the ones that are sure to be hit marked so.
  func hits(_ key: [NFTReading]) -> [(element: NFTElement, answer: Answer)] {
    let known = key.compactMap(\.datum)
    guard known.count == key.count else { return NFTElement.hits(elements, key, types) }
    if let at = exact[known] {
      let element = elements[at]
      return [(element, element.isConditional ? .maybe : .yes)]
    }
    return NFTElement.hits(others.map { elements[$0] }, key, types)
  }
}

extension NFTElement {
  /// The same for the elements of an anonymous set.
  static func hits(
    _ elements: [NFTElement], _ key: [NFTReading], _ types: [NFTDatatype]
  ) -> [(element: NFTElement, answer: Answer)] {
    var hits: [(element: NFTElement, answer: Answer)] = []
    var rest: NFTElement?
    for element in elements {
      if element.key == .text("*") {
        rest = element
        continue
      }
      var answer = element.key.contains(key, types)
      if answer == .no { continue }
      if element.isConditional { answer = .maybe }
      hits.append((element, answer))
      // keys of a set do not overlap
      if answer == .yes { return hits }
    }
    if let rest { hits.append((rest, hits.isEmpty ? .yes : .maybe)) }
    return hits
  }
}

extension NFTExpression {
  /// The parts of a key; `nil` if one of them is a range, a pattern, or not understood.
  fileprivate func scalars(_ types: [NFTDatatype]) -> [NFTDatum]? {
    let parts = self.parts
    guard parts.count == types.count else { return nil }
    var scalars: [NFTDatum] = []
    scalars.reserveCapacity(parts.count)
    for (part, type) in zip(parts, types) {
      guard let datum = type.datum(part) else { return nil }
      if case .text(let name) = datum, name.hasSuffix("*") { return nil }
      scalars.append(datum)
    }
    return scalars
  }

  /// The parts of a concatenation, or itself.
  private var parts: [NFTExpression] {
    if case .concat(let parts) = self { return parts }
    return [self]
  }

  /// Whether an element's key holds a packet's.
  fileprivate func contains(_ key: [NFTReading], _ types: [NFTDatatype]) -> Answer {
    let parts = self.parts
    guard parts.count == key.count, types.count == key.count else { return .maybe }
    var answer = Answer.yes
    for ((part, reading), type) in zip(zip(parts, key), types) {
      switch part.contains(reading, type) {
      case .yes: continue
      case .no: return .no
      case .maybe: answer = .maybe
      }
    }
    return answer
  }
}
