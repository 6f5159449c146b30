import FlowModel
import Foundation
import ServiceCatalog
import Testing

/// The lab's own rules of a node, as `scripts/lab` writes them.
private struct LabRules {
  var v4: String
  var v6: String

  /// `kube-rules.py` or `kube-nft-rules.py`.
  init(_ script: String, services: String? = nil) throws {
    let root =
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path() + "scripts/lab.d"
    let folder = NSTemporaryDirectory() + "kft-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var file = "\(root)/services.txt"
    if let services {
      file = "\(folder)/services"
      try services.write(toFile: file, atomically: true, encoding: .utf8)
    }
    try RuleLab.shell(
      "python3 -I -S -B \(root)/\(script) \(file) \(folder) "
        + "node1=10.244.1.0/24,fd00:10:244:1::/64,192.168.1.11,fd00:192:168:1::11")
    v4 = try String(contentsOfFile: "\(folder)/node1.v4", encoding: .utf8)
    v6 = try String(contentsOfFile: "\(folder)/node1.v6", encoding: .utf8)
  }
}

/// What a Service is, apart from the rules that make it.
private func summary(_ service: Service) -> String {
  func list(_ endpoints: [ServiceEndpoint]) -> String {
    endpoints.map { "\($0.endpoint) \(Int(($0.probability * 1000).rounded()))" }
      .joined(separator: ",")
  }
  return [
    "\(service) \(service.proto) \(service.family)", "\(service.frontends)",
    "node port \(service.nodePort ?? 0)", list(service.endpoints), list(service.localEndpoints),
    "affinity \(service.affinitySeconds ?? 0)", "external \(service.externalTrafficPolicyLocal)",
    "none \(service.hasNoEndpoints) \(service.hasNoLocalEndpoints)",
    "refused \(!service.refusals.isEmpty)",
  ].joined(separator: "; ")
}

@Suite struct NFTServiceTests {
  private func iptables() throws -> RuleLab {
    let rules = try LabRules("kube-rules.py")
    let lab = try RuleLab(restore: "iptables-nft-restore", rules.v4)
    try lab.inside("r", "ip6tables-nft-restore", input: rules.v6)
    return lab
  }

  private func nftables(services: String? = nil) throws -> RuleLab {
    let rules = try LabRules("kube-nft-rules.py", services: services)
    return try RuleLab(restore: "nft -f -", rules.v4 + rules.v6)
  }

  @Test func theSameServicesInBothModes() async throws {
    let (old, new) = (try iptables(), try nftables())
    let expected = await NodeRules.read(netns: old.netns)
    let rules = await NodeRules.read(netns: new.netns)
    #expect(expected.missing == [] && rules.missing == [])
    let services = rules.catalog.services
    #expect(services.count == 15)
    #expect(Set(services.map(summary)) == Set(expected.catalog.services.map(summary)))
    #expect(rules.ruleSets.allSatisfy { $0.ruleCount == 0 })
  }

  @Test func bothModesAtOnce() async throws {
    let lab = try iptables()
    let rules = try LabRules(
      "kube-nft-rules.py",
      services: "default/new:http tcp address=10.96.0.70 port=80 endpoints=10.244.1.6:8080\n"
        + "default/web:http tcp address=10.96.0.50 port=80 endpoints=10.244.1.7:8080\n")
    try lab.inside("r", "nft -f -", input: rules.v4)
    let read = await NodeRules.read(netns: lab.netns)
    #expect(read.missing == [])
    let catalog = read.catalog
    #expect(catalog.services.count == 16)
    #expect(catalog.services(named: "new").count == 1)
    let web = try #require(catalog.service(at: try endpoint("10.96.0.50:80"), .tcp))
    #expect(web.endpoints.map(\.endpoint.description) == ["10.244.1.7:8080"])
  }

  @Test func namesTheRuleThatDidTheDNAT() async throws {
    let lab = try nftables()
    let catalog = await NodeRules.read(netns: lab.netns).catalog
    let web = try #require(catalog.service(at: endpoint("10.96.0.50:80"), .tcp))
    let rule = try #require(catalog.dnatRule(web, endpoint("10.244.2.8:8080")))
    #expect(rule.chain == "endpoint-BEP7W3JR-default/web/tcp/http__10.244.2.8/8080")
    #expect(rule.specification.hasPrefix("meta l4proto tcp dnat to 10.244.2.8:8080 # handle "))
    #expect(rule.nftTable?.description == "ip kube-proxy")
  }

  @Test func aServiceWithoutEndpointsIsRejectedByName() async throws {
    let lab = try nftables()
    let rules = await NodeRules.read(netns: lab.netns)
    let found = rules.dropCandidates(
      hook: .forward, packet: try syn("10.244.1.5:4000", "10.96.0.52:80"))
    #expect(found.map(\.comment) == ["default/empty has no endpoints"])
    #expect(found.first?.chain == "reject-chain" && found.first?.certainty == .certain)
    #expect(found.first?.listCommand == "nft -a list chain ip kube-proxy reject-chain")
    #expect(found.first?.verdict == .reject("icmp port-unreachable"))
    var outside = try syn("192.168.1.100:4000", "192.168.1.11:30084")
    outside.localAddresses = [outside.tuple.destination.address]
    let dropped = rules.dropCandidates(hook: .input, packet: outside)
    #expect(dropped.map(\.comment) == ["default/web-outside:http has no local endpoints"])
    #expect(dropped.first?.verdict == .drop)
    // what was translated is no ClusterIP's any more
    let translated = try syn("10.244.1.5:4000", "10.244.2.8:8080")
    #expect(rules.dropCandidates(hook: .forward, packet: translated).isEmpty)
  }

  @Test func addressesWithoutServiceAreDroppedByKubeProxy() async throws {
    let lab = try nftables()
    let rules = await NodeRules.read(netns: lab.netns)
    func comments(_ target: String) throws -> [String?] {
      let packet = try syn("10.244.1.5:4000", target)
      return rules.dropCandidates(hook: .forward, packet: packet).map(\.comment)
    }
    #expect(try comments("10.96.0.99:80") == ["Drop traffic to unallocated ClusterIPs"])
    #expect(try comments("10.96.0.50:81") == ["Reject traffic to invalid ports of ClusterIPs"])
  }

  /// A cluster of 20,000 Services, read from what nft prints of it.
  @Test func largeMapsAreReadFast() async throws {
    let lines = (0..<20_000).map { i in
      "ns/web\(i):http tcp address=10.\(96 + i / 65536).\(i / 256 % 256).\(i % 256) port=80"
        + (i % 100 == 0 ? " endpoints=10.244.1.6:8080" : "")
    }
    let lab = try nftables(services: lines.joined(separator: "\n") + "\n")
    let json = Array(try lab.inside("r", "nft -j list table ip kube-proxy").utf8)
    var services = 0
    var found: [RuleMatch] = []
    let time = try ContinuousClock().measure {
      let rules = NodeRules(nft: try NFTRuleset(parsing: json))
      services = rules.catalog.services.count
      found = rules.dropCandidates(
        hook: .forward, packet: try syn("10.244.1.5:4000", "10.96.78.31:80"))
    }
    print("20,000 Services of nftables: \(json.count >> 10) KiB read and searched in \(time)")
    #expect(services == 20_000)
    #expect(found.map(\.comment) == ["ns/web19999:http has no endpoints"])
    #expect(time < .seconds(10), "\(time) in a debug build")
  }
}
