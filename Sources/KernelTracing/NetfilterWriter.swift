internal import CLibbpf
internal import Glibc

/// Attributes of a message to nf_tables, as they are written: numbers in network byte order.
struct NetfilterAttributes {
  private(set) var bytes: [UInt8] = []

  /// `struct nlattr` with its data, padded to 4 bytes.
  mutating func add(_ type: UInt32, _ data: [UInt8], isNested: Bool = false) {
    bytes.append(host: UInt16(data.count + 4))
    bytes.append(host: UInt16(type) | (isNested ? UInt16(NLA_F_NESTED) : 0))
    bytes += data
    while bytes.count % 4 != 0 { bytes.append(0) }
  }

  mutating func add(_ type: UInt32, _ number: UInt32) {
    var data: [UInt8] = []
    data.append(host: number.bigEndian)
    add(type, data)
  }

  mutating func add(_ type: UInt32, _ text: String) { add(type, Array(text.utf8) + [0]) }

  mutating func add(_ type: UInt32, _ body: (inout NetfilterAttributes) -> Void) {
    var nested = NetfilterAttributes()
    body(&nested)
    add(type, nested.bytes, isNested: true)
  }
}

/// Messages to nfnetlink (include/uapi/linux/netfilter/nfnetlink.h) in one datagram.
struct NetfilterRequest {
  private(set) var bytes: [UInt8] = []
  /// The sequence number of the last message; the first has 0.
  private(set) var sequence: UInt32 = 0
  private let family: UInt8

  /// `family`: NFPROTO_* of the tables that the messages are about.
  init(family: Int) { self.family = UInt8(family) }

  /// Adds a message of nf_tables' own.
  mutating func add(
    _ type: nf_tables_msg_types, flags: Int32 = 0,
    _ body: (inout NetfilterAttributes) -> Void = { _ in }
  ) {
    var attributes = NetfilterAttributes()
    body(&attributes)
    append(
      UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue), flags, family, resource: 0,
      attributes.bytes)
  }

  /// Adds one of those between which messages take effect together or not at all.
  mutating func addBatchMark(_ type: Int32) {
    append(UInt16(type), 0, UInt8(AF_UNSPEC), resource: UInt16(NFNL_SUBSYS_NFTABLES), [])
  }

  /// `struct nlmsghdr`, `struct nfgenmsg` and the attributes.
  private mutating func append(
    _ type: UInt16, _ flags: Int32, _ family: UInt8, resource: UInt16, _ attributes: [UInt8]
  ) {
    if !bytes.isEmpty { sequence += 1 }
    bytes.append(host: UInt32(NetfilterMessage.headerSize + 4 + attributes.count))
    bytes.append(host: type)
    bytes.append(host: UInt16(NLM_F_REQUEST | flags))
    bytes.append(host: sequence)
    bytes.append(host: UInt32(0))
    bytes += [family, UInt8(NFNETLINK_V0)]
    bytes.append(host: resource.bigEndian)
    bytes += attributes
  }
}

extension [UInt8] {
  fileprivate mutating func append(host number: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: number) { unsafe append(contentsOf: $0) }
  }
}
