internal import FlowModel
internal import Glibc

/// The virtual servers of a network namespace, as /proc/net/ip_vs tells them (ip_vs_info_seq_show
/// in net/netfilter/ipvs/ip_vs_ctl.c).
public struct IPVSTable: Hashable, Sendable {
  public var servers: [VirtualServer]
  /// The first line that was not understood, and how many there are.
  public private(set) var problem: String?
  public private(set) var problemCount = 0

  public init(servers: [VirtualServer] = []) { self.servers = servers }

  /// From the file's text; `ticks` are the kernel's timer ticks a second, in which it has the
  /// persistence.
  public init(parsing text: String, ticks: UInt32 = IPVSTable.ticks) {
    servers = []
    // virtual servers by firewall mark have no address, and real servers of theirs are skipped
    var isMarked = false
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words.first {
      case "IP", "Prot": continue
      case "->" where words.count > 1 && words[1].hasPrefix("RemoteAddress"): continue
      case "->":
        guard !isMarked else { continue }
        if let server = Self.realServer(words), !servers.isEmpty {
          servers[servers.count - 1].realServers.append(server)
        } else {
          note(line)
        }
      case "FWM": isMarked = true
      default:
        isMarked = false
        if let server = Self.virtualServer(words, ticks) {
          servers.append(server)
        } else {
          note(line)
          isMarked = true
        }
      }
    }
    for i in servers.indices {
      servers[i].realServers.sort {
        ($0.endpoint.address, $0.endpoint.port) < ($1.endpoint.address, $1.endpoint.port)
      }
    }
  }

  private mutating func note(_ line: Substring) {
    problem = problem ?? String(line)
    problemCount += 1
  }

  /// `TCP 0A600032:0050 rr persistent 2700000 FFFFFFFF`
  private static func virtualServer(
    _ words: [Substring], _ ticks: UInt32
  ) -> VirtualServer? {
    guard words.count >= 3, let proto = IPProtocol(name: words[0].lowercased()),
      let endpoint = Endpoint(ipvs: words[1])
    else { return nil }
    var server = VirtualServer(endpoint, proto, scheduler: String(words[2]))
    if let word = words.firstIndex(of: "persistent"), word + 1 < words.count,
      let time = UInt32(words[word + 1])
    {
      server.persistence = time / max(ticks, 1)
    }
    return server
  }

  /// `-> 0AF40208:1F90 Masq 1 0 2`
  private static func realServer(_ words: [Substring]) -> RealServer? {
    guard words.count >= 4, let endpoint = Endpoint(ipvs: words[1]), let weight = UInt32(words[3])
    else { return nil }
    return RealServer(endpoint, weight: weight)
  }

  /// Of the running kernel: its coarse clock goes by them.
  public static var ticks: UInt32 {
    var resolution = timespec()
    unsafe clock_getres(CLOCK_MONOTONIC_COARSE, &resolution)
    guard resolution.tv_nsec > 0 else { return 250 }
    return UInt32((1_000_000_000 + resolution.tv_nsec / 2) / resolution.tv_nsec)
  }
}

extension Endpoint {
  /// `0A600032:0050`, `[fd00:0010:0096:0000:0000:0000:0000:0050]:0050`: in hexadecimal, in the
  /// order they are written in elsewhere.
  fileprivate init?(ipvs text: Substring) {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...], radix: 16)
    else { return nil }
    let host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      guard let address = Address(host.dropFirst().dropLast()) else { return nil }
      self.init(address, port)
    } else {
      guard host.utf8.count == 8, let number = UInt32(host, radix: 16) else { return nil }
      self.init(Address(v4: number), port)
    }
  }
}
