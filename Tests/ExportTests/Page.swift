import Export
import Foundation
import Recording
import Testing

/// A page, and the data in it.
struct Page {
  private static let element = "<script type=\"application/json\" id=\"recording\">"

  var html: String
  /// The text of the element with the data.
  var text: String

  /// Made from records as a recording has them.
  init(_ records: [Record], header: HeaderRecord? = Recorded.header) throws {
    var exporter = HTMLExporter()
    var bytes: [UInt8] = []
    if let header { bytes += exporter.add(.header(header), header) }
    for record in records { bytes += exporter.add(record, header) }
    bytes += exporter.end()
    try self.init(bytes)
  }

  init(_ bytes: [UInt8]) throws {
    html = try #require(String(validating: bytes, as: UTF8.self))
    let begin = try #require(html.range(of: Self.element)).upperBound
    let end = try #require(html[begin...].range(of: "</script>")).lowerBound
    text = String(html[begin..<end])
  }

  /// The data, read by Foundation's parser.
  func data() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  func flows() throws -> [[String: Any]] { try #require(try data()["flows"] as? [[String: Any]]) }

  func sums() throws -> [String: Any] { try #require(try data()["sums"] as? [String: Any]) }

  /// Without the data.
  var frame: String { html.replacing(text, with: "") }
}
