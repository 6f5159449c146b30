import FlowModel
import ServiceCatalog
import Testing

private let old = ServiceCatalog([
  RuleSet(parsing: kubeProxy120Rules, RuleOrigin(.ipv4, .nft))
])
private let modern = ServiceCatalog([
  RuleSet(parsing: kubeProxyModernRules, RuleOrigin(.ipv4, .nft)),
  RuleSet(parsing: kubeProxyIPv6Rules, RuleOrigin(.ipv6, .nft)),
])

@Test func servicesOfKubeProxy120() throws {
  #expect(
    Set(old.services.map(\.description)) == [
      "default/web:http", "default/local:http", "default/sticky:http", "default/empty",
      "kube-system/kube-dns:dns", "kube-system/kube-dns:dns-tcp",
    ])
  let web = try #require(old.service(at: endpoint("10.96.0.50:80"), .tcp))
  #expect(
    web.endpoints.map(\.endpoint.description) == [
      "10.244.1.6:8080", "10.244.2.8:8080", "10.244.2.9:8080",
    ])
  #expect(web.nodePort == 30080)
  #expect(web.affinitySeconds == nil)
  #expect(!web.externalTrafficPolicyLocal)

  let sticky = try #require(old.service(at: endpoint("10.96.0.51:80"), .tcp))
  #expect(sticky.affinitySeconds == 10800)
  #expect(sticky.endpoints.map(\.probability) == [0.5, 0.5])

  let local = try #require(old.service(nodePort: 30083, .tcp))
  #expect(local.name == "local")
  #expect(local.externalTrafficPolicyLocal)
  #expect(local.hasNoLocalEndpoints)
  #expect(!local.hasNoEndpoints)
  #expect(local.endpoints.count == 1)

  let empty = try #require(old.service(at: endpoint("10.96.0.52:80"), .tcp))
  #expect(empty.hasNoEndpoints)
  #expect(empty.refusals.first?.chain == "KUBE-SERVICES")
}

@Test func servicesOfModernKubeProxy() throws {
  let web = try #require(modern.service(at: endpoint("10.96.0.50:80"), .tcp))
  #expect(web.endpoints.count == 3)
  for each in web.endpoints { #expect(abs(each.probability - 1.0 / 3) < 1e-6) }
  #expect(web.externalIPs == [try endpoint("198.51.100.7:80")])
  #expect(web.loadBalancerIPs == [try endpoint("203.0.113.8:80")])
  #expect(web.nodePort == 30080)
  #expect(!web.externalTrafficPolicyLocal)

  let local = try #require(modern.service(at: endpoint("10.96.0.53:80"), .tcp))
  #expect(local.hasNoLocalEndpoints)
  #expect(local.externalTrafficPolicyLocal)
  #expect(local.clusterIP == (try endpoint("10.96.0.53:80")))
  #expect(local.externalIPs == [try endpoint("203.0.113.9:80")])
  #expect(local.nodePort == 30083)

  let inner = try #require(modern.services(named: "inner").first)
  #expect(inner.internalTrafficPolicyLocal)
  #expect(inner.localEndpoints.map(\.endpoint.description) == ["10.244.1.6:8080"])

  #expect(modern.service(at: try endpoint("10.96.0.52:80"), .tcp)?.hasNoEndpoints == true)
  // the health check's port is no NodePort
  #expect(modern.service(nodePort: 31999, .tcp) == nil)
}

@Test func servicesOverIPv6() throws {
  let web = try #require(modern.service(at: endpoint("[fd00:96::50]:80"), .tcp))
  #expect(web.family == .ipv6)
  #expect(web.endpoints.map(\.endpoint.description) == ["[fd00:244:2::8]:8080"])
}

@Test func findsServices() throws {
  #expect(old.service(at: try endpoint("10.96.0.50:80"), .udp) == nil)
  #expect(old.service(at: try endpoint("10.96.0.50:81"), .tcp) == nil)
  let dns = try #require(Address("10.96.0.10"))
  #expect(old.services(at: dns).compactMap(\.portName) == ["dns", "dns-tcp"])
  #expect(old.services(named: "kube-system/kube-dns").count == 2)
  #expect(old.services(named: "kube-dns:dns").map(\.proto) == [.udp])
  #expect(old.services(named: "web").map(\.fullName) == ["default/web"])
  #expect(old.services(named: "other/web").isEmpty)

  let roles = old.roles(of: try endpoint("10.244.2.8:8080"), .tcp)
  #expect(
    roles.map { "\($0.service) \($0.index)/\($0.count)" } == [
      "default/web:http 2/3", "default/local:http 1/1", "default/sticky:http 2/2",
    ])
}

@Test func namesTheRuleThatDidTheDNAT() throws {
  let web = try #require(modern.service(at: endpoint("10.96.0.50:80"), .tcp))
  let rule = try #require(modern.dnatRule(web, endpoint("10.244.2.8:8080")))
  #expect(rule.chain == "KUBE-SEP-AWFNTVUNTOD2SN3M")
  #expect(rule.index == 2)
  #expect(rule.counters == RuleCounters(packets: 7, bytes: 420))
  #expect(modern.dnatRule(web, try endpoint("10.244.9.9:8080")) == nil)
}

@Test func theFirstRulesetThatNamesAServiceCounts() throws {
  let stale = kubeProxyModernRules.replacing("10.244.2.9:8080", with: "10.244.7.7:8080")
  let both = ServiceCatalog([
    RuleSet(parsing: kubeProxyModernRules, RuleOrigin(.ipv4, .nft)),
    RuleSet(parsing: stale, RuleOrigin(.ipv4, .legacy)),
  ])
  let web = try #require(both.service(at: endpoint("10.96.0.50:80"), .tcp))
  #expect(web.endpoints.count == 3)
  #expect(web.rule(for: try endpoint("10.244.7.7:8080")) == nil)
  #expect(both.services.filter { $0.name == "web" }.count == 1)
}
