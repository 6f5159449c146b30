internal import CEvent
internal import CLibbpf
public import FlowModel

/// What the programs look for: sides of packets, and pairs of sides.
public struct MatchSet: Sendable, Equatable {
  /// One side of a packet; `nil` is any. At least one of address and port is given.
  public struct Side: Hashable, Sendable {
    public var address: Address?
    /// Host byte order; never 0, which is any.
    public let port: UInt16?
    /// Only with a port; `nil` is TCP, UDP and SCTP.
    public var proto: IPProtocol?

    public init(address: Address?, port: UInt16? = nil, proto: IPProtocol? = nil) {
      self.address = address
      self.port = port == 0 ? nil : port
      self.proto = proto
    }

    /// Those its packets may be of; `nil` is any.
    var protocols: [IPProtocol?] {
      port == nil ? [nil] : proto.map { [$0] } ?? [.tcp, .udp, .sctp]
    }
  }

  /// Packets with one of these as source or destination.
  public var sides: Set<Side> = []
  /// Packets between the two, in either direction; 32 at most.
  public var pairs: [(Side, Side)] = []

  public init() {}

  /// Nothing selected: everything is of interest.
  public var isEmpty: Bool { sides.isEmpty && pairs.isEmpty }

  /// Whether one of its sides names this port.
  public func selects(port: UInt16) -> Bool {
    sides.contains { $0.port == port } || pairs.contains { $0.0.port == port || $0.1.port == port }
  }

  public static func == (a: MatchSet, b: MatchSet) -> Bool {
    a.sides == b.sides && a.pairs.elementsEqual(b.pairs, by: ==)
  }

  /// The kernel's keys and values: a side without protocol becomes three keys.
  func entries() -> [(key: kft_match_key, value: kft_match_value)] {
    var values: [Side: kft_match_value] = [:]
    func change(_ side: Side, _ body: (inout kft_match_value) -> Void) {
      for proto in side.protocols {
        var exact = side
        exact.proto = proto
        body(&values[exact, default: kft_match_value()])
      }
    }
    for side in sides { change(side) { $0.any = 1 } }
    for (i, pair) in pairs.prefix(32).enumerated() {
      change(pair.0) { $0.a |= 1 << UInt32(i) }
      change(pair.1) { $0.b |= 1 << UInt32(i) }
    }
    return values.map { side, value in
      var key = kft_match_key()
      unsafe withUnsafeMutableBytes(of: &key.addr) {
        unsafe $0.copyBytes(from: (side.address ?? .any).bytes)
      }
      key.port = (side.port ?? 0).bigEndian
      key.proto = side.proto?.rawValue ?? 0
      return (key, value)
    }
  }

  /// Whether keys with both, keys without a port, and keys without an address are among them.
  var forms: (full: Bool, addressOnly: Bool, portOnly: Bool) {
    let all = sides.union(pairs.flatMap { [$0.0, $0.1] })
    return (
      all.contains { $0.port != nil && $0.address != nil }, all.contains { $0.port == nil },
      all.contains { $0.address == nil }
    )
  }
}

extension Address {
  /// The bit of this address in `address` of `struct kft_bits`: kft_address_hash of
  /// bpf/match.bpf.h.
  var matchBit: Int {
    func word(_ half: UInt64, _ shift: UInt64) -> UInt32 {
      UInt32(truncatingIfNeeded: half >> shift).byteSwapped
    }
    let mixed =
      word(high, 32) ^ (word(high, 0) &* 0x85eb_ca6b) ^ (word(low, 32) &* 0xc2b2_ae35)
      ^ word(low, 0)
    return Int((mixed &* 0x9e37_79b1) >> 16)
  }
}

extension BPFObject {
  /// Sets the match set's bits. Before loading: libbpf writes the section's initial value when
  /// it makes the map, and 1.1 does not map it afterwards.
  func setBits(_ set: MatchSet) throws(TracingError) {
    let (bits, size) = unsafe try memory(of: ".bss.match")
    precondition(size >= MemoryLayout<kft_bits>.size)
    for (key, _) in set.entries() {
      let bytes = unsafe withUnsafeBytes(of: key.addr) { unsafe Array($0) }
      if let address = Address(bytes: bytes), address != .any {
        unsafe Self.setBit(address.matchBit, in: bits)
      } else {
        unsafe Self.setBit(Int(key.port), in: bits + portBitsOffset)
      }
    }
  }

  /// Puts the match set's keys into the loaded object's map.
  func install(_ set: MatchSet) throws(TracingError) {
    let descriptor = unsafe bpf_map__fd(try map("kft_match"))
    for (key, value) in set.entries() {
      var (key, value) = (key, value)
      let error = unsafe bpf_map_update_elem(descriptor, &key, &value, 0)
      guard error == 0 else {
        throw .errno("cannot fill the match set", -error, "select fewer addresses")
      }
    }
  }

  /// Of `port` in `struct kft_bits`.
  private var portBitsOffset: Int { Int(KFT_BLOOM_BITS) / 8 }

  private static func setBit(_ n: Int, in bits: UnsafeMutableRawPointer) {
    let word = unsafe (bits + n / 64 * 8).assumingMemoryBound(to: UInt64.self)
    unsafe word.pointee |= 1 << UInt64(n % 64)
  }
}
