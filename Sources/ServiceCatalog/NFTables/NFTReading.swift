internal import FlowModel

/// What a rule's expression is for a packet.
enum NFTReading: Hashable, Sendable {
  case known(NFTDatum)
  /// A number of which some bits are known.
  case bits(value: UInt64, known: UInt64)
  /// The bits of `ct state`, one of which is set.
  case states(ConntrackStates)
  case unknown
  /// The packet has no such field: the rule does not match, whatever it compares with.
  case absent

  /// The value, if there is just one.
  var datum: NFTDatum? {
    switch self {
    case .known(let datum): datum
    case .bits(let value, .max): .number(value)
    default: nil
    }
  }

  init(_ number: (some FixedWidthInteger)?) {
    self = number.map { .known(.number(UInt64($0))) } ?? .unknown
  }

  init(_ mark: KnownMark) {
    self = .bits(value: UInt64(mark.value), known: UInt64(mark.known) | ~UInt64(UInt32.max))
  }

  /// `nil` if one is absent.
  static func all(_ readings: [NFTReading]) -> [NFTReading]? {
    readings.contains(.absent) ? nil : readings
  }
}

extension NFTExpression {
  /// Whether a value written in a rule is, or holds, a packet's.
  func contains(_ reading: NFTReading, _ type: NFTDatatype) -> Answer {
    switch self {
    case .set(let elements):
      return NFTElement.hits(elements, [reading], [type]).reduce(.no) { $0 || $1.answer }
    case .prefix(let base, let length):
      guard case .address(let network)? = type.datum(base) else { return .maybe }
      guard case .known(.address(let address)) = reading else { return .maybe }
      return Answer(address.isIn(network, prefix: length))
    case .range(let low, let high):
      guard let low = type.datum(low), let high = type.datum(high) else { return .maybe }
      return reading.datum.map { Answer($0.isBetween(low, high)) } ?? .maybe
    default:
      guard let wanted = type.datum(self) else { return .maybe }
      return reading.equals(wanted)
    }
  }
}

extension NFTReading {
  /// Whether it is this value; a pattern of names holds many.
  func equals(_ wanted: NFTDatum) -> Answer {
    switch (self, wanted) {
    case (.known(.text(let name)), .text(let pattern)):
      Answer(pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern)
    case (.known(let datum), _): Answer(datum == wanted)
    case (.bits(let value, let known), .number(let number)):
      (value ^ number) & known != 0 ? .no : known == .max ? .yes : .maybe
    case (.states(let states), .number(let number)):
      Answer(states, { $0 == number })
    default: .maybe
    }
  }

  /// Whether any of these bits is set.
  func intersects(_ wanted: UInt64) -> Answer {
    switch self {
    case .known(.number(let number)): Answer(number & wanted != 0)
    case .bits(let value, let known):
      value & known & wanted != 0 ? .yes : wanted & ~known == 0 ? .no : .maybe
    case .states(let states): Answer(states, { $0 & wanted != 0 })
    default: .maybe
    }
  }

  /// `&`, `|` and `^` with a number or an address; unknown for what else there is.
  func combined(_ op: String, _ mask: NFTDatum) -> NFTReading {
    switch (self, mask) {
    case (.absent, _): return .absent
    case (.known(.address(let a)), .address(let b)) where op == "&":
      return .known(.address(Self.masked(a, b)))
    case (.known(.number(let value)), .number(let mask)):
      return NFTReading.bits(value: value, known: .max).combined(op, .number(mask))
    case (.bits(let value, let known), .number(let mask)):
      switch op {
      case "&": return .bits(value: value & mask, known: known | ~mask)
      case "|": return .bits(value: value | mask, known: known | mask)
      case "^": return .bits(value: value ^ mask, known: known)
      default: return .unknown
      }
    default: return .unknown
    }
  }

  private static func masked(_ address: Address, _ mask: Address) -> Address {
    guard address.isIPv4, mask.isIPv4 else {
      return Address(high: address.high & mask.high, low: address.low & mask.low)
    }
    return Address(v4: UInt32(truncatingIfNeeded: address.low & mask.low))
  }
}

extension NFTDatum {
  /// Whether it lies in a range of its kind.
  func isBetween(_ low: NFTDatum, _ high: NFTDatum) -> Bool {
    switch (self, low, high) {
    case (.number(let value), .number(let low), .number(let high)): low <= value && value <= high
    case (.address(let value), .address(let low), .address(let high)):
      value.isIPv4 == low.isIPv4 && low <= value && value <= high
    default: false
    }
  }
}

extension Answer {
  /// Of a test of `ct state`'s number, for all states a packet may be in.
  init(_ states: ConntrackStates, _ test: (UInt64) -> Bool) {
    let bits: [(ConntrackStates, UInt64)] = [
      (.invalid, 1), (.established, 2), (.related, 4), (.new, 8), (.untracked, 64),
    ]
    let results = Set(bits.filter { states.contains($0.0) }.map { test($0.1) })
    self = results == [true] ? .yes : results == [false] ? .no : .maybe
  }
}
