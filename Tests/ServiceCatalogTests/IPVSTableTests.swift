import FlowModel
import Foundation
import ServiceCatalog
import Testing

@Suite struct IPVSTableTests {
  /// As Linux 6.12 prints it, 250 ticks a second.
  private static let text = """
    IP Virtual Server version 1.2.1 (size=4096)
    Prot LocalAddress:Port Scheduler Flags
      -> RemoteAddress:Port Forward Weight ActiveConn InActConn
    FWM  00000007 wlc\u{20}
      -> 0AF40208:1F90      Masq    1      0          0        \u{20}
    TCP  0A600032:0050 rr \u{20}
      -> 0AF40209:1F90      Masq    1      0          2        \u{20}
      -> 0AF40208:1F90      Masq    3      0          2        \u{20}
    TCP  0A600034:0050 rr \u{20}
    UDP  0A60000A:0035 lc ops\u{20}
      -> 0AF4020A:0035      Masq    0      0          0        \u{20}
    TCP  [fd00:0010:0096:0000:0000:0000:0000:0063]:0050 rr persistent 2700000 80000000
      -> [fd00:0010:0244:0002:0000:0000:0000:0009]:1F90      Masq    1      0          0        \u{20}

    """

  private func endpoint(_ address: String, _ port: UInt16) -> Endpoint {
    Endpoint(Address(address) ?? .any, port)
  }

  @Test("addresses, ports, schedulers, weights and persistence") func parse() {
    let table = IPVSTable(parsing: Self.text, ticks: 250)
    #expect(table.problem == nil)
    #expect(table.servers.map(\.scheduler) == ["rr", "rr", "lc", "rr"])
    #expect(table.servers.map(\.proto) == [.tcp, .tcp, .udp, .tcp])
    #expect(table.servers[0].endpoint == endpoint("10.96.0.50", 80))
    #expect(
      table.servers[0].realServers == [
        RealServer(endpoint("10.244.2.8", 8080), weight: 3),
        RealServer(endpoint("10.244.2.9", 8080)),
      ])
    #expect(table.servers[1].realServers.isEmpty)
    #expect(table.servers[3].endpoint == endpoint("fd00:10:96::63", 80))
    #expect(table.servers[3].persistence == 10800 && table.servers[0].persistence == nil)
    #expect(
      table.servers[3].realServers.map(\.endpoint) == [endpoint("fd00:10:244:2::9", 8080)])
  }

  @Test("what is not understood is told, and its real servers go to nobody else") func junk() {
    let table = IPVSTable(
      parsing: """
        TCP  0A600032:0050 rr
        SCTPX 0A600033:0050 rr
          -> 0AF40208:1F90      Masq    1      0          0
        TCP  0A6000:0050 rr
        TCP
          -> x Masq
        TCP  0A600034:0050 rr
          -> 0AF40208:1F90      Masq
        """, ticks: 0)
    #expect(table.servers.count == 2)
    #expect(table.servers.map(\.realServers.count) == [0, 0])
    #expect(table.problem == "SCTPX 0A600033:0050 rr" && table.problemCount == 4)
    #expect(IPVSTable(parsing: "").servers.isEmpty)
  }

  @Test("virtual servers are Services without a name") func catalog() throws {
    let table = IPVSTable(parsing: Self.text, ticks: 250)
    let catalog = ServiceCatalog([NodeRules(ipvs: table)])
    let web = try #require(catalog.service(at: endpoint("10.96.0.50", 80), .tcp))
    #expect(web.fullName == "virtual server 10.96.0.50:80/tcp rr")
    #expect(web.index(of: endpoint("10.244.2.9", 8080)) == 2 && !web.hasNoEndpoints)
    #expect(web.endpoints.map(\.probability) == [0.75, 0.25])
    #expect(catalog.service(at: endpoint("10.96.0.52", 80), .tcp)?.hasNoEndpoints == true)
    let dns = try #require(catalog.service(at: endpoint("10.96.0.10", 53), .udp))
    #expect(dns.hasNoEndpoints && dns.endpoints.count == 1, "its one real server ends")
    let sticky = try #require(catalog.service(at: endpoint("fd00:10:96::63", 80), .tcp))
    #expect(sticky.affinitySeconds == 10800 && sticky.family == .ipv6)
    #expect(sticky.virtualServer == "[fd00:10:96::63]:80/tcp")
    #expect(catalog.services(named: "").isEmpty && catalog.services(named: "/").isEmpty)
    #expect(catalog.roles(of: endpoint("10.244.2.9", 8080), .tcp).map(\.index) == [2])
  }

  @Test("a ruleset that knows the address comes first, with its name") func named() {
    let rules = """
      *nat
      :KUBE-SERVICES - [0:0]
      :KUBE-SVC-A - [0:0]
      -A KUBE-SERVICES -d 10.96.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" \
      -m tcp --dport 80 -j KUBE-SVC-A
      COMMIT
      """
    let set = RuleSet(parsing: Array(rules.utf8), RuleOrigin(.ipv4, .nft))
    let table = IPVSTable(parsing: Self.text, ticks: 250)
    let catalog = ServiceCatalog([NodeRules(ruleSets: [set], ipvs: table)])
    #expect(catalog.service(at: endpoint("10.96.0.50", 80), .tcp)?.fullName == "default/web")
    #expect(catalog.services.count == 4)
  }

  @Test("the kernel's ticks are one of those it is built with") func ticks() {
    #expect([100, 250, 300, 1000].contains(IPVSTable.ticks))
  }
}
