/// A DNS message as far as its beginning shows it (RFC 1035).
public struct DNSMessage: Hashable, Sendable {
  /// What is asked.
  public struct Question: Hashable, Sendable {
    /// Safe to show; without the final dot, `.` for the root.
    public var name: String
    /// `nil` if the bytes ended before it; the name then may lack its end, too.
    public var type: DNSType?

    public init(name: String, type: DNSType?) {
      self.name = name
      self.type = type
    }
  }

  /// Two questions and their answers are told apart by it, by who asks.
  public var id: UInt16
  public var isResponse: Bool
  /// 0 for a query; 4 NOTIFY, 5 UPDATE.
  public var operation: UInt8
  public var code: DNSCode
  /// The server's mark that the answer did not fit, and is to be asked for over TCP.
  public var isTruncated: Bool
  /// The first one; there are no others in practice.
  public var question: Question?
  /// Records in the answer section, by the header's word.
  public var answerCount: Int
  /// Of the A and AAAA answers within reach.
  public var addresses: [Address] = []
  /// The smallest of the answers within reach, s; `nil` without any.
  public var ttl: UInt32?

  /// From the message's first bytes: `nil` if they are no header, or what follows it is no
  /// question. A message that is cut anywhere is read up to there.
  public init?(_ bytes: [UInt8]) {
    var reader = DNSReader(bytes)
    guard let id = reader.u16(), let flags = reader.u16(), let questions = reader.u16(),
      let answers = reader.u16(), reader.u16() != nil, reader.u16() != nil
    else { return nil }
    self.id = id
    isResponse = flags & 0x8000 != 0
    operation = UInt8(flags >> 11 & 15)
    isTruncated = flags & 0x0200 != 0
    code = DNSCode(rawValue: UInt8(flags & 15))
    answerCount = Int(answers)
    // a server may leave the question out of an error; who asks has one
    guard questions == 1 || questions == 0 && isResponse else { return nil }
    if questions == 1 {
      switch reader.name() {
      case .malformed: return nil
      case .cut(let name):
        question = Question(name: name + "…", type: nil)
        return
      case .whole(let name):
        question = Question(name: name, type: reader.u16().map(DNSType.init))
        guard reader.u16() != nil else { return }
      }
    }
    for _ in 0..<answerCount { if !readAnswer(&reader) { break } }
  }

  /// False when there is no more.
  private mutating func readAnswer(_ reader: inout DNSReader) -> Bool {
    guard case .whole = reader.name(), let type = reader.u16(), reader.u16() != nil,
      let seconds = reader.u32(), let length = reader.u16()
    else { return false }
    ttl = min(ttl ?? seconds, seconds)
    guard let data = reader.take(Int(length)) else { return false }
    switch (DNSType(rawValue: type), length) {
    case (.a, 4): addresses.append(Address(v4: data.reduce(0) { $0 << 8 | UInt32($1) }))
    case (.aaaa, 16): if let address = Address(bytes: data) { addresses.append(address) }
    default: break
    }
    return true
  }
}
