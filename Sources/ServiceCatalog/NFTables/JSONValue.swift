/// JSON of any shape: what `nft -j` prints differs between its versions.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Int64)
  case text(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Reads a document.
  init(parsing bytes: [UInt8]) throws(JSONReader.Failure) {
    var reader = JSONReader(bytes)
    self = try reader.document()
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var number: Int64? { if case .number(let number) = self { number } else { nil } }
  var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
  var object: [String: JSONValue]? { if case .object(let object) = self { object } else { nil } }

  /// A member of an object; `nil` without it.
  subscript(key: String) -> JSONValue? { object?[key] }

  /// The key and value of an object with one member, as nft writes statements and expressions.
  var only: (key: String, value: JSONValue)? {
    guard let object, object.count == 1, let first = object.first else { return nil }
    return (first.key, first.value)
  }
}
