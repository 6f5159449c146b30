package import Diagnosis
import FlowCorrelation
package import FlowModel

/// Names for a node with a client pod in namespace 1 and a backend in namespace 3.
package struct SampleNode: NodeView {
  package var namespaces: [UInt32: String] = [1: "client", 2: "node1", 3: "web2"]
  package var interfaces: [UInt32: [UInt32: String]] = [
    1: [2: "eth0"], 2: [3: "eth0", 7: "vethclient", 9: "vethweb", 11: "flannel.1"],
    3: [2: "eth0"],
  ]
  package var serviceName: ServiceName? = ServiceName(
    namespace: "default", name: "web", port: "http", endpointIndex: 2, endpointCount: 3)
  package var finding: RuleFinding?

  package init() {}

  package func namespaceName(_ netns: UInt32) -> String { namespaces[netns] ?? "netns \(netns)" }
  package func interfaceName(_ index: UInt32, in netns: UInt32) -> String {
    interfaces[netns]?[index] ?? "if\(index)"
  }
  package func reasonName(_ reason: UInt32) -> String {
    reason == 9 ? "NETFILTER_DROP" : "REASON_\(reason)"
  }
  package func place(_ location: UInt64) -> String? { location == 0 ? nil : "nf_hook_slow+0xb3" }
  package func service(of flow: Flow) -> ServiceName? { serviceName }
  package func endpointIndex(of endpoint: Endpoint, for flow: Flow) -> Int? {
    serviceName?.endpointIndex
  }
  package func rule(for drop: Hop) -> RuleFinding? { finding }
  package func namespace(owning address: Address) -> UInt32? { nil }
  package func network(of netns: UInt32) -> NetworkState? { nil }
  package func setting(_ path: String, in netns: UInt32) -> String? { nil }
  package func statistic(_ group: String, _ name: String, in netns: UInt32) -> UInt64? { nil }
  package func conntrack(in netns: UInt32) -> ConntrackTable? { nil }
  package func programmedAddresses(in netns: UInt32) -> [Address] { [] }
  package func isKubeProxyNFTables(in netns: UInt32) -> Bool { false }
  package func isWantedService(_ address: Address) -> Bool { false }
}

/// One connection to a Service, told by its events as the netfilter backend tells them.
package struct SampleFlow {
  package let client: Endpoint
  package let service: Endpoint
  package let server: Endpoint
  package private(set) var events: [Event] = []

  package init(ipv6: Bool = false, clientPort: UInt16 = 43122) {
    func address(_ four: UInt32, _ six: UInt64) -> Address {
      ipv6 ? Address(high: 0xfd00_0010_0244_0000, low: six) : Address(v4: four)
    }
    client = Endpoint(address(0x0af4_0105, 0x105), clientPort)
    service = Endpoint(address(0x0a60_0032, 0x32), 80)
    server = Endpoint(address(0x0af4_0208, 0x208), 8080)
  }

  private var asked: Tuple { Tuple(.tcp, from: client, to: service) }
  private var translated: Tuple { Tuple(.tcp, from: client, to: server) }

  private mutating func see(
    _ time: UInt64, _ netns: UInt32, _ hook: Hook, _ interface: UInt32, _ tuple: Tuple,
    _ change: (inout Event) -> Void
  ) {
    var event = Event(time: 5_000_000_000 + time * 1000, netns: netns, hook: hook, tuple: tuple)
    event.interface = interface
    event.length = 60
    event.mtu = 1500
    change(&event)
    events.append(event)
  }

  private func entry(isReply: Bool) -> Event.Conntrack {
    Event.Conntrack(
      original: asked, reply: translated.inverse, status: 0, zone: 0, isReply: isReply)
  }

  /// Client to PREROUTING of its node; microseconds.
  private mutating func leaves(_ time: UInt64, _ packet: (inout Event) -> Void) {
    see(time, 1, .tcEgress, 2, asked, packet)
    see(time + 10, 2, .tcIngress, 7, asked, packet)
    let entry = entry(isReply: false)
    see(time + 20, 2, .nfDNATDone, 7, translated) {
      packet(&$0)
      $0.netfilterHook = .prerouting
      $0.conntrack = entry
    }
  }

  package mutating func delivered(
    _ time: UInt64, _ flags: TCPFlags, sequence: UInt32 = 1, payload: UInt16 = 0
  ) {
    func packet(_ event: inout Event) {
      event.tcpFlags = flags
      event.sequence = sequence
      event.payload = payload
    }
    leaves(time, packet)
    see(time + 30, 2, .nfFilter, 7, translated) {
      packet(&$0)
      $0.netfilterHook = .forward
    }
    see(time + 40, 2, .tcEgress, 9, translated, packet)
    see(time + 50, 3, .tcIngress, 2, translated, packet)
    see(time + 60, 3, .nfFilterDone, 2, translated) {
      packet(&$0)
      $0.netfilterHook = .input
    }
  }

  package mutating func answered(
    _ time: UInt64, _ flags: TCPFlags, sequence: UInt32 = 2, payload: UInt16 = 0
  ) {
    func packet(_ event: inout Event) {
      event.tcpFlags = flags
      event.sequence = sequence
      event.payload = payload
    }
    let entry = entry(isReply: true)
    see(time, 3, .tcEgress, 2, translated.inverse, packet)
    see(time + 10, 2, .tcIngress, 9, translated.inverse, packet)
    see(time + 20, 2, .nfSNATDone, 7, asked.inverse) {
      packet(&$0)
      $0.netfilterHook = .postrouting
      $0.conntrack = entry
    }
    see(time + 30, 2, .tcEgress, 7, asked.inverse, packet)
    see(time + 40, 1, .tcIngress, 2, asked.inverse, packet)
    see(time + 50, 1, .nfFilterDone, 2, asked.inverse) {
      packet(&$0)
      $0.netfilterHook = .input
    }
  }

  /// A SYN that a rule of FORWARD drops.
  package mutating func dropped(_ time: UInt64) {
    func packet(_ event: inout Event) {
      event.tcpFlags = .syn
      event.sequence = 1
    }
    leaves(time, packet)
    see(time + 30, 2, .nfFilter, 7, translated) {
      packet(&$0)
      $0.netfilterHook = .forward
    }
    see(time + 45, 2, .drop, 7, translated) {
      packet(&$0)
      $0.dropReason = 9
      $0.location = 0xffff_ffff_8100_01b3
    }
  }

  /// A SYN that leaves the node in VXLAN 1.
  package mutating func tunnelled(_ time: UInt64) {
    func packet(_ event: inout Event) {
      event.tcpFlags = .syn
      event.sequence = 1
    }
    let outer = Tuple(
      .udp, from: Endpoint(Address(v4: 0xc0a8_010b), 57794),
      to: Endpoint(Address(v4: 0xc0a8_010c), 8472))
    leaves(time, packet)
    see(time + 30, 2, .tcEgress, 11, translated, packet)
    see(time + 40, 2, .tcEgress, 3, translated) {
      packet(&$0)
      $0.carrier = .tunnel(outer: outer, vni: 1)
    }
  }

  /// The sender's own word that it sends a segment again.
  package mutating func retransmitted(_ time: UInt64) {
    see(time, 1, .retransmit, 2, asked) { _ in }
  }

  /// A handshake, a question, an answer, a close.
  package mutating func conversation() {
    delivered(0, .syn)
    answered(500, [.syn, .ack])
    delivered(1000, .ack, sequence: 2)
    delivered(1100, [.psh, .ack], sequence: 2, payload: 80)
    answered(2000, [.psh, .ack], sequence: 3, payload: 200)
    delivered(2500, [.fin, .ack], sequence: 82)
    answered(3000, [.fin, .ack], sequence: 203)
  }

  /// What the correlator makes of it: exactly one flow.
  package func flow(id: UInt64 = 1) -> Flow? {
    var correlator = FlowCorrelator()
    for event in events { correlator.ingest(event) }
    let flows = correlator.drain()
    guard var flow = flows.first, flows.count == 1 else { return nil }
    flow.id = id
    return flow
  }
}

/// What a diagnosis could say of the dropped one.
package let policyDrop = Explanation(
  cause: "policy-drop", layer: .policy, certainty: .certain,
  why: "a NetworkPolicy drops it",
  evidence: ["3 SYN packets dropped in node1 FORWARD", "DNAT was applied before"],
  check: ["iptables -L KUBE-POLICY-DEMO -nv --line-numbers"],
  fix: "allow it in the NetworkPolicy",
  rule: RuleFinding(
    table: "filter", chain: "KUBE-POLICY-DEMO",
    specification: "-A KUBE-POLICY-DEMO -d 10.244.2.8/32 -j DROP", comment: nil, backend: "nft",
    isPolicy: false, certainty: .certain, alternatives: 0))
