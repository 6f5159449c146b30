package import FlowModel

/// Writes JSON (RFC 8259) in the order in which it is given, into one buffer that is used again.
///
/// Foundation's encoder takes milliseconds for a flow; the ring buffer fills up meanwhile. Names from
/// the node are escaped, so that no terminal acts on them: control characters, and those of Unicode
/// that turn text around.
package struct JSONWriter {
  package init() {}

  package private(set) var bytes: [UInt8] = []
  /// Something stands before in the object or array that is open.
  private var needsComma = false

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  /// Ends a line of JSON lines.
  package mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  /// Ends a line within an array that goes on.
  package mutating func separateLine() {
    bytes.append(contentsOf: ",\n".utf8)
    needsComma = false
  }

  // MARK: - Structure

  package mutating func object(_ members: (inout JSONWriter) -> Void) {
    open(UInt8(ascii: "{"))
    members(&self)
    close(UInt8(ascii: "}"))
  }

  package mutating func array<Element>(
    _ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void
  ) {
    open(UInt8(ascii: "["))
    for element in elements { write(&self, element) }
    close(UInt8(ascii: "]"))
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  /// The name of the member that is written next; ASCII without what JSON escapes.
  package mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    unsafe bytes.append(
      contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  // MARK: - Values

  package mutating func value(_ number: some BinaryInteger) {
    separate()
    digits(number < 0, UInt64(number.magnitude))
  }

  /// Finite numbers only.
  package mutating func value(_ number: Double) {
    separate()
    bytes.append(contentsOf: "\(number.isFinite ? number : 0)".utf8)
  }

  /// A number of thousandths as a decimal, exactly: 1234567 is 1234.567.
  package mutating func value(thousandths number: Int64) {
    separate()
    digits(number < 0, number.magnitude / 1000)
    bytes.append(UInt8(ascii: "."))
    let rest = number.magnitude % 1000
    for digit in [rest / 100, rest / 10 % 10, rest % 10] {
      bytes.append(UInt8(ascii: "0") + UInt8(digit))
    }
  }

  package mutating func value(_ flag: Bool) {
    separate()
    bytes.append(contentsOf: (flag ? "true" : "false").utf8)
  }

  package mutating func value(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }) {
      bytes.append(contentsOf: text.utf8)
    } else {
      for scalar in text.unicodeScalars { escaped(scalar) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func value(_ address: Address) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    address.append(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func digits(_ isNegative: Bool, _ magnitude: UInt64) {
    if isNegative { bytes.append(UInt8(ascii: "-")) }
    var text = InlineArray<20, UInt8>(repeating: 0)
    var start = 20
    var rest = magnitude
    repeat {
      start -= 1
      text[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    for i in start..<20 { bytes.append(text[i]) }
  }

  private mutating func escaped(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"", "\\": bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(scalar.value)])
    case "\n": bytes.append(contentsOf: "\\n".utf8)
    case "\r": bytes.append(contentsOf: "\\r".utf8)
    case "\t": bytes.append(contentsOf: "\\t".utf8)
    default:
      bytes.append(contentsOf: (scalar.isTreacherous ? scalar.jsonEscape : String(scalar)).utf8)
    }
  }
}

extension Unicode.Scalar {
  /// `\\u202e`; two of them beyond the Basic Multilingual Plane.
  var jsonEscape: String {
    String(self).utf16.map { unit in
      let hex = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }.joined()
  }
}

extension JSONWriter {
  package mutating func member(_ name: StaticString, _ number: some BinaryInteger) {
    key(name)
    value(number)
  }

  package mutating func member(_ name: StaticString, _ number: (some BinaryInteger)?) {
    if let number { member(name, number) }
  }

  package mutating func member(_ name: StaticString, _ number: Double) {
    key(name)
    value(number)
  }

  package mutating func member(_ name: StaticString, _ flag: Bool) {
    key(name)
    value(flag)
  }

  package mutating func member(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    key(name)
    value(text)
  }

  mutating func member(_ name: StaticString, _ record: some JSONWritable) {
    key(name)
    record.write(to: &self)
  }

  mutating func member(_ name: StaticString, _ record: (some JSONWritable)?) {
    if let record { member(name, record) }
  }

  mutating func member(_ name: StaticString, _ records: [some JSONWritable]) {
    key(name)
    array(records) { $1.write(to: &$0) }
  }

  package mutating func member(_ name: StaticString, _ texts: [String]) {
    key(name)
    array(texts) { $0.value($1) }
  }
}

/// What has one form in JSON.
protocol JSONWritable {
  func write(to json: inout JSONWriter)
}
