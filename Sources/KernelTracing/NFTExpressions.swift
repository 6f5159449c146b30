internal import CLibbpf

/// The expressions of a rule of nf_tables, in the order they are evaluated.
struct NFTExpressions {
  /// What is read of a packet.
  enum Field {
    case proto
    case address(_ isIPv4: Bool, isSource: Bool)
    case port(isSource: Bool)
  }

  /// A field that needs no packet to know its value.
  struct Requirement {
    var key: UInt32
    var value: UInt8

    /// Of the packet's IP version.
    static func family(_ isIPv4: Bool) -> Requirement {
      Requirement(
        key: NFT_META_NFPROTO.rawValue,
        value: UInt8(isIPv4 ? KFT_NFPROTO_IPV4 : KFT_NFPROTO_IPV6))
    }
  }

  private(set) var attributes = NetfilterAttributes()
  /// Overwritten by every comparison: the first 32-bit register.
  private static let register: UInt32 = NFT_REG32_00.rawValue

  mutating func require(_ requirement: Requirement) {
    add("meta") {
      $0.add(NFTA_META_DREG.rawValue, Self.register)
      $0.add(NFTA_META_KEY.rawValue, requirement.key)
    }
    compare([requirement.value])
  }

  mutating func require(_ field: Field, _ value: [UInt8]) {
    load(field, into: Self.register)
    compare(value)
  }

  mutating func load(_ field: Field, into register: UInt32) {
    switch field {
    case .proto:
      add("meta") {
        $0.add(NFTA_META_DREG.rawValue, register)
        $0.add(NFTA_META_KEY.rawValue, NFT_META_L4PROTO.rawValue)
      }
    case .address(let isIPv4, let isSource):
      let (offset, length): (UInt32, UInt32) =
        isIPv4 ? (isSource ? 12 : 16, 4) : (isSource ? 8 : 24, 16)
      payload(NFT_PAYLOAD_NETWORK_HEADER.rawValue, offset, length, register)
    case .port(let isSource):
      payload(NFT_PAYLOAD_TRANSPORT_HEADER.rawValue, isSource ? 0 : 2, 2, register)
    }
  }

  /// Whether what is in the registers is in a set of the table.
  mutating func lookUp(_ set: String) {
    add("lookup") {
      $0.add(NFTA_LOOKUP_SET.rawValue, set)
      $0.add(NFTA_LOOKUP_SREG.rawValue, Self.register)
    }
  }

  /// `meta nftrace set 1`.
  mutating func trace() {
    add("immediate") {
      $0.add(NFTA_IMMEDIATE_DREG.rawValue, Self.register)
      $0.add(NFTA_IMMEDIATE_DATA.rawValue) { $0.add(NFTA_DATA_VALUE.rawValue, [1]) }
    }
    add("meta") {
      $0.add(NFTA_META_KEY.rawValue, NFT_META_NFTRACE.rawValue)
      $0.add(NFTA_META_SREG.rawValue, Self.register)
    }
  }

  private mutating func payload(
    _ base: UInt32, _ offset: UInt32, _ length: UInt32, _ register: UInt32
  ) {
    add("payload") {
      $0.add(NFTA_PAYLOAD_DREG.rawValue, register)
      $0.add(NFTA_PAYLOAD_BASE.rawValue, base)
      $0.add(NFTA_PAYLOAD_OFFSET.rawValue, offset)
      $0.add(NFTA_PAYLOAD_LEN.rawValue, length)
    }
  }

  private mutating func compare(_ value: [UInt8]) {
    add("cmp") {
      $0.add(NFTA_CMP_SREG.rawValue, Self.register)
      $0.add(NFTA_CMP_OP.rawValue, NFT_CMP_EQ.rawValue)
      $0.add(NFTA_CMP_DATA.rawValue) { $0.add(NFTA_DATA_VALUE.rawValue, value) }
    }
  }

  private mutating func add(_ name: String, _ body: (inout NetfilterAttributes) -> Void) {
    attributes.add(NFTA_LIST_ELEM.rawValue) {
      $0.add(NFTA_EXPR_NAME.rawValue, name)
      $0.add(NFTA_EXPR_DATA.rawValue, body)
    }
  }
}
