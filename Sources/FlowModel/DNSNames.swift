/// The type of a resource record, by its IANA number.
public struct DNSType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16
  /// From the IANA number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let a = DNSType(rawValue: 1)
  public static let cname = DNSType(rawValue: 5)
  public static let aaaa = DNSType(rawValue: 28)
}

extension DNSType: CustomStringConvertible {
  /// Its mnemonic, or `TYPE1234` as RFC 3597 writes unknown ones.
  public var description: String {
    switch rawValue {
    case 1: "A"
    case 2: "NS"
    case 5: "CNAME"
    case 6: "SOA"
    case 12: "PTR"
    case 13: "HINFO"
    case 15: "MX"
    case 16: "TXT"
    case 28: "AAAA"
    case 33: "SRV"
    case 35: "NAPTR"
    case 39: "DNAME"
    case 41: "OPT"
    case 43: "DS"
    case 46: "RRSIG"
    case 47: "NSEC"
    case 48: "DNSKEY"
    case 52: "TLSA"
    case 64: "SVCB"
    case 65: "HTTPS"
    case 251: "IXFR"
    case 252: "AXFR"
    case 255: "ANY"
    case 257: "CAA"
    default: "TYPE\(rawValue)"
    }
  }
}

/// The code of an answer, by its IANA number.
public struct DNSCode: RawRepresentable, Hashable, Sendable {
  /// The four bits of the header; 0 to 15.
  public let rawValue: UInt8
  /// From the IANA number.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let noError = DNSCode(rawValue: 0)
  public static let serverFailure = DNSCode(rawValue: 2)
  /// No such name.
  public static let nameError = DNSCode(rawValue: 3)

  /// Whether the server did its work: it said what there is, or that there is no such name.
  public var isAnswer: Bool { self == .noError || self == .nameError }
}

extension DNSCode: CustomStringConvertible {
  /// Its mnemonic, or `RCODE11`.
  public var description: String {
    switch rawValue {
    case 0: "NOERROR"
    case 1: "FORMERR"
    case 2: "SERVFAIL"
    case 3: "NXDOMAIN"
    case 4: "NOTIMP"
    case 5: "REFUSED"
    case 6: "YXDOMAIN"
    case 7: "YXRRSET"
    case 8: "NXRRSET"
    case 9: "NOTAUTH"
    case 10: "NOTZONE"
    default: "RCODE\(rawValue)"
    }
  }
}
