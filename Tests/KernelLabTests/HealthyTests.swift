import Foundation
import Testing

extension LabTests {
  /// Scenarios 1 to 6: nothing is blamed, and the way is told right.
  @Suite(.serialized) struct Healthy {
    private static let pods = Lab.netns("node1", "node2", "client", "web1", "web2", "web3")

    private func expectHealthy(_ trace: Trace) {
      #expect(!trace.flows.isEmpty)
      #expect(trace.status == 0, "\(trace.errors)")
      #expect(trace.errors.contains("no events lost"))
      for flow in trace.flows {
        #expect(flow.diagnosis == nil, "\(flow.request.shown) \(flow.answer.shown)")
        #expect(flow.state == "completed", "\(flow.timeline.map(\.summary))")
        #expect(!flow.mayMissEvents)
      }
    }

    @Test("1: ClusterIP, same node") func sameNode() throws {
      let trace = try Lab.scenario("healthy-same-node", ["--svc", "10.96.0.50"] + Self.pods)
      expectHealthy(trace)
      let flow = try #require(trace.flows(through: "10.244.1.6:8080").first)
      #expect(flow.destination.text == "10.96.0.50:80")
      #expect(flow.source.address == "10.244.1.5")
      #expect(flow.original.destination.text == "10.96.0.50:80")
      #expect(flow.reply?.destination == flow.source)
      #expect(flow.service?.namespace == "default" && flow.service?.name == "web")
      #expect(flow.service?.endpointIndex == 1 && flow.service?.endpointCount == 3)
      #expect(
        flow.request.pass(
          "client eth0 out", "node1 vethclient in", "node1 PREROUTING dnat", "node1 vethweb1 out",
          "web1 eth0 in", "web1 INPUT delivered"), "\(flow.request.shown)")
      #expect(
        flow.answer.pass(
          "web1 eth0 out", "node1 vethweb1 in", "node1 POSTROUTING un-dnat",
          "node1 vethclient out", "client INPUT delivered"), "\(flow.answer.shown)")
    }

    @Test("2: ClusterIP, other node") func otherNode() throws {
      let trace = try Lab.scenario("healthy-other-node", ["--svc", "default/web"] + Self.pods)
      expectHealthy(trace)
      let flow = try #require(
        (trace.flows(through: "10.244.2.8:8080") + trace.flows(through: "10.244.2.9:8080")).first)
      let pod = flow.reply?.source.address == "10.244.2.8" ? "web2" : "web3"
      #expect(
        flow.request.pass(
          "node1 vethclient in", "node1 PREROUTING dnat", "node1 flannel.1 out", "node1 VNI encap",
          "node1 eth0 out", "node2 eth0 in", "node2 VNI decap", "node2 veth\(pod) out",
          "\(pod) eth0 in", "\(pod) INPUT delivered"), "\(flow.request.shown)")
      let encap = try #require(flow.request.first { $0.action == "encap" })
      #expect(encap.vni == 1)
      #expect(encap.outer?.source.address == "192.168.1.11")
      #expect(encap.outer?.destination.text == "192.168.1.12:8472")
      #expect(flow.answer.pass("node2 VNI encap", "node1 VNI decap", "node1 POSTROUTING un-dnat"))
    }

    @Test("3: NodePort from outside") func nodePort() throws {
      let trace = try Lab.scenario(
        "healthy-nodeport", ["--svc", "default/web"] + Self.pods + Lab.netns("outside"))
      expectHealthy(trace)
      let flow = try #require(trace.flows.first)
      #expect(flow.source.address == "192.168.1.100")
      #expect(flow.destination.text == "192.168.1.11:30080")
      #expect(flow.service?.name == "web")
      let translated = try #require(flow.reply)
      #expect(translated.source.port == 8080)
      // kube-proxy masquerades: the pod sees an address of the node, not the client's
      #expect(
        ["192.168.1.11", "10.244.1.0", "10.244.1.1"].contains(translated.destination.address))
      #expect(
        flow.request.pass("node1 eth0 in", "node1 PREROUTING dnat", "node1 POSTROUTING snat"),
        "\(flow.request.shown)")
      // the order of un-SNAT and un-DNAT is the kernel's: PREROUTING, then POSTROUTING
      #expect(
        flow.answer.pass("node1 PREROUTING un-snat", "node1 POSTROUTING un-dnat"),
        "\(flow.answer.shown)")
    }

    @Test("4: from the node itself") func fromNode() throws {
      let trace = try Lab.scenario("healthy-from-node", ["--svc", "default/web"] + Self.pods)
      expectHealthy(trace)
      let flow = try #require(trace.flows.first)
      #expect(flow.request.pass("node1 OUTPUT dnat"), "\(flow.request.shown)")
      #expect(flow.destination.text == "10.96.0.50:80")
    }

    @Test("5: DNS over UDP") func dns() throws {
      let trace = try Lab.scenario(
        "healthy-dns",
        ["--svc", "kube-system/kube-dns"] + Lab.netns("node1", "node2", "client", "dns"))
      expectHealthy(trace)
      #expect(trace.flows.count == 3)
      for flow in trace.flows {
        #expect(flow.transport == "udp")
        #expect(flow.service?.name == "kube-dns" && flow.service?.port == "dns")
        #expect(flow.reply?.source.text == "10.244.2.10:53")
        #expect(flow.request.pass("node1 PREROUTING dnat", "dns INPUT delivered"))
        #expect(flow.dnsSearch == nil)
      }
      let lookups = trace.flows.flatMap { $0.dns ?? [] }
      #expect(
        lookups.map(\.text) == [
          "A web.default.svc.cluster.local NOERROR", "AAAA web.default.svc.cluster.local NOERROR",
          "A absent.default.svc.cluster.local NXDOMAIN",
        ])
      #expect(lookups.map(\.addresses) == [["10.96.0.50"], ["fd00:10:96::50"], []])
      for lookup in lookups {
        #expect(lookup.asked == [0] && lookup.retries == 0)
        let latency = try #require(lookup.latency)
        #expect((10_000...2_000_000_000).contains(latency), "\(latency) ns")
      }
      #expect(trace.errors.contains("DNS  3 questions, all answered (2 NOERROR, 1 NXDOMAIN)"))
    }

    @Test("31: sessionAffinity is no fault") func sticky() throws {
      let trace = try Lab.scenario("healthy-sticky", ["--svc", "default/web-sticky"] + Self.pods)
      expectHealthy(trace)
      #expect(trace.flows.count == 6)
      #expect(Set(trace.flows.compactMap(\.reply?.source.text)).count == 1)
      #expect(trace.errors.contains("sessionAffinity"), "\(trace.errors)")
    }

    @Test("6: IPv6") func ipv6() throws {
      let trace = try Lab.scenario("healthy-ipv6", ["--svc", "fd00:10:96::50"] + Self.pods)
      expectHealthy(trace)
      for flow in trace.flows {
        #expect(flow.destination.text == "[fd00:10:96::50]:80")
        #expect(flow.request.pass("node1 PREROUTING dnat"), "\(flow.request.shown)")
        #expect(flow.service?.name == "web")
      }
      let remote = try #require(
        trace.flows.first { $0.reply?.source.address.hasPrefix("fd00:10:244:2:") == true })
      #expect(
        remote.request.pass("node1 VNI encap", "node1 eth0 out", "node2 eth0 in", "node2 VNI decap")
      )
      #expect(
        remote.request.first { $0.action == "encap" }?.outer?.destination.text
          == "[fd00:192:168:1::12]:8472")
    }
  }
}

/// Everything that uses the lab, one after the other.
@Suite(.serialized) struct LabTests {}
