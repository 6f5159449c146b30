import Foundation
import Testing

/// What a tracer printed with `--json`.
struct Trace {
  var flows: [FlowLine]
  var summary: SummaryLine?
  var status: Int32
  var errors: String
  /// The lines as they came.
  var output: String

  init(_ finished: Lab.Finished, checksSchema: Bool = true) throws {
    status = finished.status
    errors = finished.errors
    output = finished.output
    if checksSchema { try SchemaCheck.validate(output) }
    let decoder = JSONDecoder()
    flows = []
    for line in finished.output.split(separator: "\n") {
      let data = Data(line.utf8)
      switch try decoder.decode(Line.self, from: data).type {
      case "flow": flows.append(try decoder.decode(FlowLine.self, from: data))
      case "summary": summary = try decoder.decode(SummaryLine.self, from: data)
      default: throw Lab.Failure(description: "a line of another kind: \(line.prefix(200))")
      }
    }
  }

  /// Flows to an endpoint, after NAT.
  func flows(through endpoint: String) -> [FlowLine] {
    flows.filter { $0.reply?.source.text == endpoint }
  }
}

private struct Line: Decodable {
  var type: String
}

/// The part of the summary's JSON that tests look at.
struct SummaryLine: Decodable {
  struct EndpointCount: Decodable {
    var endpoint: FlowLine.Peer
    var connections: Int
    var failed: Int
  }
  struct Spread: Decodable {
    var service: String
    var endpointCount: Int
    var affinitySeconds: Int?
    var endpoints: [EndpointCount]
    var diagnosis: Diagnosis?
  }
  struct Diagnosis: Decodable {
    var cause: String
    var endpoint: FlowLine.Peer
    var connections: Int
    var failed: Int
    var elsewhere: Int
  }

  var connections: Int
  var failed: Int
  var eventsLost: Int
  var services: [Spread]
}

/// The part of a flow's JSON that tests look at.
struct FlowLine: Decodable {
  struct Peer: Decodable, Equatable {
    var address: String
    var port: Int
    var text: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
  }
  struct Pair: Decodable, Equatable {
    var source: Peer
    var destination: Peer
  }
  struct Service: Decodable {
    /// Both absent in IPVS mode.
    var namespace: String?
    var name: String?
    var port: String?
    var endpointIndex: Int?
    var endpointCount: Int
    var virtualServer: String?
    var scheduler: String?
  }
  struct Rule: Decodable {
    var table: String
    var chain: String
    var specification: String
    var comment: String?
    var certainty: String
    var trace: [String]?
  }
  struct Drop: Decodable {
    var reason: String
    var location: String?
    var netns: String
    var hook: String?
    var packets: Int
    var tuple: Pair
    var rule: Rule?
  }
  struct Diagnosis: Decodable {
    var cause: String
    var layer: String
    var certainty: String
    var why: String
    var evidence: [String]
    var check: [String]
    var fix: String
    var rule: Rule?
    var severity: String?
  }
  struct Lookup: Decodable {
    var id: Int
    var name: String
    var type: String?
    var asked: [UInt64]
    var retries: Int
    var state: String
    var code: String?
    var addresses: [String]?
    /// ns.
    var latency: UInt64?

    /// `A web.default NOERROR`.
    var text: String { "\(type ?? "?") \(name) \(code ?? state)" }
  }
  struct Search: Decodable {
    var tried: [String]
    var found: String
    var questions: Int
    /// ns.
    var lost: UInt64
  }
  struct Hop: Decodable {
    var netns: String
    var interface: String?
    var outInterface: String?
    var hook: String
    var netfilterHook: String?
    var action: String
    var tuple: Pair
    var outer: Pair?
    var vni: Int?
    var detail: Bool
  }
  struct ICMPError: Decodable {
    var type: Int
    var code: Int
    var text: String { "\(type)/\(code)" }
  }
  struct Packet: Decodable {
    var direction: String
    var flags: String?
    var icmpError: ICMPError?
    var repeats: Int
    var hops: [Hop]

    /// `reply FIN-ACK 7 hops`, for messages.
    var summary: String { "\(direction) \(flags ?? "-") \(hops.count) hops" }
  }

  var transport: String
  var source: Peer
  var destination: Peer
  var service: Service?
  var original: Pair
  var reply: Pair?
  var state: String
  var attempts: [Peer]
  var syns: Int
  var drops: [Drop]
  var dns: [Lookup]?
  var dnsSearch: Search?
  var diagnosis: Diagnosis?
  var timeline: [Packet]
  var mayMissEvents: Bool

  /// Not what is left of an earlier scenario's connections: a packet that waited for a neighbour
  /// until now, a server that goes on sending.
  func isSeen(from client: String) -> Bool {
    transport != "tcp" || (syns > 0 && timeline.first?.hops.first?.netns == client)
  }

  /// The way of the client's first packet.
  var request: [Hop] {
    timeline.first { $0.direction == "original" && $0.icmpError == nil }?.hops ?? []
  }
  /// The way of the server's first packet.
  var answer: [Hop] {
    timeline.first { $0.direction == "reply" && $0.icmpError == nil }?.hops ?? []
  }
}

extension [FlowLine.Hop] {
  /// `kft-node1 PREROUTING dnat`, the hops a person is shown.
  var shown: [String] {
    filter { !$0.detail }.map { hop in
      let place: String
      switch hop.action {
      case "dnat", "snat", "un-dnat", "un-snat", "dropped":
        place = hop.netfilterHook ?? "-"
      case "encap", "decap": place = "VNI"
      case "out": place = (hop.hook == "ipOutput" ? hop.outInterface : hop.interface) ?? "-"
      case "delivered": place = "INPUT"
      default: place = hop.interface ?? "-"
      }
      return "\(hop.netns.replacing("kft-", with: "")) \(place) \(hop.action)"
    }
  }

  /// Whether the lines occur in this order, others between them allowed.
  func pass(_ expected: String...) -> Bool { pass(expected) }

  func pass(_ expected: [String]) -> Bool {
    var rest = shown[...]
    for line in expected {
      guard let found = rest.firstIndex(of: line) else { return false }
      rest = rest[(found + 1)...]
    }
    return true
  }
}
