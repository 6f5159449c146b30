import Foundation
import Testing

extension LabTests {
  /// Scenario 39: other ways from node to node.
  @Suite(.serialized) struct Overlays {
    struct Overlay: CustomTestStringConvertible {
      var name: String
      var device: String
      var vni: Int?
      /// The outer packet's destination.
      var peer: String
      /// Bytes of the underlay's MTU.
      var takes: Int
      var words: String

      var testDescription: String { name }
      var setup: [String] { ["--overlay", name] }
    }

    static let overlays = [
      Overlay(
        name: "geneve", device: "geneve.1", vni: 1, peer: "192.168.1.12:6081", takes: 50,
        words: "Geneve takes 50 bytes of the underlay's MTU"),
      Overlay(
        name: "ipip", device: "flannel.ipip", vni: 0, peer: "192.168.1.12:0", takes: 20,
        words: "IP-in-IP takes 20 bytes of the underlay's MTU: 1500 leaves 1480"),
    ]
    private static let pods = Lab.netns("node1", "node2", "client", "web1", "web2", "web3")

    @Test("39: healthy", arguments: overlays) func healthy(_ overlay: Overlay) throws {
      guard try !Lab.isRefused(overlay.setup, without: overlay.name) else { return }
      let trace = try Lab.scenario(
        "healthy-\(overlay.name)", ["--svc", "default/web"] + Self.pods, overlay: overlay.name)
      #expect(trace.status == 0 && trace.errors.contains("no events lost"), "\(trace.errors)")
      for flow in trace.flows {
        #expect(flow.diagnosis == nil, "\(flow.request.shown)")
        #expect(flow.state == "completed", "\(flow.timeline.map(\.summary))")
      }
      let flow = try #require(
        (trace.flows(through: "10.244.2.8:8080") + trace.flows(through: "10.244.2.9:8080")).first)
      let pod = flow.reply?.source.address == "10.244.2.8" ? "web2" : "web3"
      #expect(
        flow.request.pass(
          "node1 vethclient in", "node1 PREROUTING dnat", "node1 \(overlay.device) out",
          "node1 VNI encap", "node1 eth0 out", "node2 eth0 in", "node2 VNI decap",
          "node2 veth\(pod) out", "\(pod) eth0 in", "\(pod) INPUT delivered"),
        "\(flow.request.shown)")
      let encap = try #require(flow.request.first { $0.action == "encap" })
      #expect(encap.outer?.source.address == "192.168.1.11")
      #expect(encap.outer?.destination.text == overlay.peer && encap.vni == overlay.vni)
      #expect(flow.answer.pass("node2 VNI encap", "node1 VNI decap", "node1 POSTROUTING un-dnat"))
    }

    @Test("39: packets larger than the overlay", arguments: overlays)
    func mtu(_ overlay: Overlay) throws {
      guard try !Lab.isRefused(overlay.setup, without: overlay.name) else { return }
      let trace = try Lab.scenario(
        "mtu-exceeded-\(overlay.name)",
        ["--svc", "10.96.0.62"] + Lab.netns("node1", "node2", "client", "web2"),
        overlay: overlay.name)
      #expect(trace.status == 1)
      let failed = trace.flows.filter { $0.diagnosis != nil && $0.isSeen(from: "kft-client") }
      #expect(failed.count == 1, "the small answer passes")
      let flow = try #require(failed.first)
      let diagnosis = try #require(flow.diagnosis)
      #expect(diagnosis.cause == "mtu-exceeded" && diagnosis.layer == "pod-network")
      #expect(
        diagnosis.why.contains(
          "1500 bytes do not fit through \(overlay.device) (MTU \(1500 - overlay.takes))"))
      let text = diagnosis.evidence.joined(separator: "\n")
      #expect(text.contains("\(overlay.takes) bytes too many for \(overlay.device)"), "\(text)")
      #expect(text.contains(overlay.words) && !text.contains("VXLAN"), "\(text)")
      #expect(text.contains("ICMP fragmentation-needed went back to 10.244.2.8"))
      #expect(flow.drops.first?.netns == "kft-node2", "\(flow.drops)")
      // what its word is worth: the device's real MTU, by ip's word
      let link = try Lab.inside("node2", "ip", "link", "show", overlay.device).output
      #expect(link.contains("mtu \(1500 - overlay.takes) "))
    }

    @Test("39: plain routes, no tunnel at all") func routed() throws {
      try Lab.lab("up", "--overlay", "routed")
      defer { _ = try? Lab.lab("up") }
      let trace = try Lab.trace(["--svc", "10.96.0.62"] + Self.pods) {
        try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.62/")
      }
      #expect(trace.status == 0, "\(trace.errors)")
      let flow = try #require(trace.flows.first)
      #expect(
        flow.request.pass(
          "node1 PREROUTING dnat", "node1 eth0 out", "node2 eth0 in", "node2 vethweb2 out"),
        "\(flow.request.shown)")
      #expect(!flow.request.contains { $0.action == "encap" })
    }
  }
}
