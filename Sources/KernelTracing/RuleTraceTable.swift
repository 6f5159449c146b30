internal import CLibbpf
internal import FlowModel
internal import Glibc

/// The table that has the kernel tell which rules the packets of a match set meet: of family inet,
/// with a chain before everything else at either end of a packet's way into netfilter. It belongs to
/// the socket that makes it, and goes with that (`flags owner`, Linux 5.12).
struct RuleTraceTable {
  /// How the names of such tables begin.
  static let prefix = "kflowtrace-"

  private let name: String
  private let proto: IPProtocol?
  private var request = NetfilterRequest(family: Int(KFT_NFPROTO_INET))
  private var setCount: UInt32 = 0

  /// Before NF_IP_PRI_RAW, which is before conntrack.
  private static let priority: Int32 = -310
  private static let chains: [(name: String, hook: NetfilterHook)] = [
    ("prerouting", .prerouting), ("output", .output),
  ]

  /// The messages that make it, all or nothing; one is answered even when all goes well. `proto`:
  /// only packets of it.
  static func messages(
    _ name: String, _ matches: MatchSet, only proto: IPProtocol?
  ) -> NetfilterRequest {
    var table = RuleTraceTable(name: name, proto: proto)
    table.request.addBatchMark(NFNL_MSG_BATCH_BEGIN)
    table.addFrame()
    table.add(sides: matches)
    for (a, b) in matches.pairs {
      table.add(from: a, to: b)
      table.add(from: b, to: a)
    }
    table.request.addBatchMark(NFNL_MSG_BATCH_END)
    return table.request
  }

  private init(name: String, proto: IPProtocol?) {
    self.name = name
    self.proto = proto
  }

  private mutating func addFrame() {
    request.add(NFT_MSG_NEWTABLE, flags: NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK) { [name] in
      $0.add(NFTA_TABLE_NAME.rawValue, name)
      $0.add(NFTA_TABLE_FLAGS.rawValue, UInt32(NFT_TABLE_F_OWNER.rawValue))
    }
    for chain in Self.chains {
      request.add(NFT_MSG_NEWCHAIN, flags: NLM_F_CREATE) { [name] in
        $0.add(NFTA_CHAIN_TABLE.rawValue, name)
        $0.add(NFTA_CHAIN_NAME.rawValue, chain.name)
        $0.add(NFTA_CHAIN_TYPE.rawValue, "filter")
        $0.add(NFTA_CHAIN_HOOK.rawValue) {
          $0.add(NFTA_HOOK_HOOKNUM.rawValue, UInt32(chain.hook.rawValue))
          $0.add(NFTA_HOOK_PRIORITY.rawValue, UInt32(bitPattern: Self.priority))
        }
      }
    }
  }

  // MARK: - Sides

  /// What of a packet's side is looked up.
  fileprivate struct Form: Hashable {
    var isIPv4: Bool?
    var hasPort: Bool
  }

  /// A set for every form of sides, as a Service may have a thousand endpoints, and two rules each.
  private mutating func add(sides matches: MatchSet) {
    var keys: [Form: Set<[UInt8]>] = [:]
    for side in matches.sides {
      let form = Form(isIPv4: side.address?.isIPv4, hasPort: side.port != nil)
      for proto in side.protocols {
        var key = side.address.map(\.packetBytes) ?? []
        if let port = side.port, let proto {
          key += [proto.rawValue, 0, 0, 0, UInt8(port >> 8), UInt8(port & 0xff), 0, 0]
        }
        keys[form, default: []].insert(key)
      }
    }
    for (form, keys) in keys {
      let set = addSet(form, keys)
      for isSource in [true, false] {
        addRule { expressions in
          var register: UInt32 = NFT_REG32_00.rawValue
          if let isIPv4 = form.isIPv4 {
            expressions.require(.family(isIPv4))
            expressions.load(.address(isIPv4, isSource: isSource), into: register)
            register += isIPv4 ? 1 : 4
          }
          if form.hasPort {
            expressions.load(.proto, into: register)
            expressions.load(.port(isSource: isSource), into: register + 1)
          }
          expressions.lookUp(set)
        }
      }
    }
  }

  /// Its name.
  private mutating func addSet(_ form: Form, _ keys: Set<[UInt8]>) -> String {
    setCount += 1
    let (id, set, table) = (setCount, "set\(setCount)", name)
    request.add(NFT_MSG_NEWSET, flags: NLM_F_CREATE) {
      $0.add(NFTA_SET_TABLE.rawValue, table)
      $0.add(NFTA_SET_NAME.rawValue, set)
      $0.add(NFTA_SET_KEY_TYPE.rawValue, form.keyType)
      $0.add(NFTA_SET_KEY_LEN.rawValue, UInt32(keys.first?.count ?? 0))
      $0.add(NFTA_SET_ID.rawValue, id)
    }
    // an attribute has 64 KiB at most, a key 36 bytes with what is around it
    let all = Array(keys)
    for start in stride(from: 0, to: all.count, by: 1000) {
      request.add(NFT_MSG_NEWSETELEM, flags: NLM_F_CREATE) {
        $0.add(NFTA_SET_ELEM_LIST_TABLE.rawValue, table)
        $0.add(NFTA_SET_ELEM_LIST_SET.rawValue, set)
        $0.add(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) {
          for key in all[start..<min(start + 1000, all.count)] {
            $0.add(NFTA_LIST_ELEM.rawValue) {
              $0.add(NFTA_SET_ELEM_KEY.rawValue) { $0.add(NFTA_DATA_VALUE.rawValue, key) }
            }
          }
        }
      }
    }
    return set
  }

  // MARK: - Pairs

  private mutating func add(from source: MatchSet.Side, to destination: MatchSet.Side) {
    var protos = Set(source.protocols)
    // a side without port is of any protocol
    if source.port == nil {
      protos = Set(destination.protocols)
    } else if destination.port != nil {
      protos.formIntersection(destination.protocols)
    }
    for proto in protos {
      addRule { expressions in
        if let proto { expressions.require(.proto, [proto.rawValue]) }
        for (side, isSource) in [(source, true), (destination, false)] {
          if let address = side.address {
            expressions.require(.family(address.isIPv4))
            expressions.require(
              .address(address.isIPv4, isSource: isSource), address.packetBytes)
          }
          if let port = side.port {
            expressions.require(
              .port(isSource: isSource), [UInt8(port >> 8), UInt8(port & 0xff)])
          }
        }
      }
    }
  }

  /// A rule in both chains that traces what its expressions match.
  private mutating func addRule(_ body: (inout NFTExpressions) -> Void) {
    var expressions = NFTExpressions()
    if let proto { expressions.require(.proto, [proto.rawValue]) }
    body(&expressions)
    expressions.trace()
    for chain in Self.chains {
      request.add(NFT_MSG_NEWRULE, flags: NLM_F_CREATE | NLM_F_APPEND) { [name] in
        $0.add(NFTA_RULE_TABLE.rawValue, name)
        $0.add(NFTA_RULE_CHAIN.rawValue, chain.name)
        $0.add(
          NFTA_RULE_EXPRESSIONS.rawValue, expressions.attributes.bytes, isNested: true)
      }
    }
  }
}

extension RuleTraceTable.Form {
  /// By which nft prints the elements: six bits a part.
  fileprivate var keyType: UInt32 {
    var type: UInt32 = isIPv4.map { $0 ? 7 : 8 } ?? 0
    if hasPort { type = type << 12 | 12 << 6 | 13 }
    return type
  }
}

extension Address {
  /// As in a packet's header.
  fileprivate var packetBytes: [UInt8] { isIPv4 ? Array(bytes.suffix(4)) : Array(bytes) }
}
