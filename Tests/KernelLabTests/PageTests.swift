import Foundation
import Testing

extension LabTests {
  /// A lab trace as a page, in Chromium.
  @Suite(
    .serialized,
    .enabled(
      if: ProcessInfo.processInfo.environment["KFLOWTRACE_VM"] == nil,
      "a browser is too slow in an emulated machine"))
  struct Pages {
    /// What the browser was at the end.
    private struct End: Decodable {
      var console: [String]
      var requests: [String]
    }

    /// Records a scenario, exports it, opens the page and does the steps.
    private func browse(
      _ scenario: String, _ arguments: [String], _ steps: String
    ) throws -> (trace: Trace, values: [String]) {
      let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "kft-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      func path(_ name: String) -> String { folder.appending(path: name).path() }
      let trace = try Lab.scenario(scenario, arguments + ["--record", path("trace.json")])
      let export = try Lab.run(
        Lab.tracerPath, "export", "--format", "html", path("trace.json"), "--output",
        path("page.html"))
      #expect(export.status == 0 && export.errors.isEmpty, "\(export.errors)")
      try Data(steps.utf8).write(to: folder.appending(path: "steps"))
      let browser = try Lab.run("\(Lab.root)/scripts/browse", path("page.html"), path("steps"))
      try #require(browser.status == 0, "\(browser.errors)")
      let lines = browser.output.split(separator: "\n").map(String.init)
      let end = try JSONDecoder().decode(End.self, from: Data(try #require(lines.last).utf8))
      #expect(end.console.isEmpty && end.requests.isEmpty, "\(end)")
      return (trace, lines.dropLast())
    }

    /// The selected row's client.
    private static let client =
      "document.querySelector('#body [aria-selected=true] .c-from').textContent"

    @Test("one endpoint of three fails") func failing() throws {
      let (trace, values) = try browse(
        "endpoint-failing",
        ["--svc", "default/web"]
          + Lab.netns("node1", "node2", "client", "web1", "web2", "web3"),
        """
        eval document.getElementById('verdict').textContent
        eval document.getElementById('grid').getAttribute('aria-rowcount')
        eval document.querySelectorAll('#ladder .cross').length
        eval document.querySelector('#ladder .callout').textContent
        eval document.getElementById('ladder').querySelector('svg').getAttribute('aria-label')
        eval document.getElementById('explanation').textContent
        eval document.querySelector('#spread .failing').textContent
        eval document.getElementById('findings').textContent
        eval document.querySelectorAll('#spread .expected').length
        eval \(Self.client)
        key ArrowDown
        eval \(Self.client)
        eval document.activeElement.id
        key ArrowUp
        eval \(Self.client)
        key /
        type 10.244.2.9 kube-policy-web3
        wait document.querySelectorAll('#body .row').length < 15
        eval document.querySelectorAll('#body .row').length
        eval document.querySelectorAll('#body .failed').length
        key Escape
        eval document.getElementById('count').textContent
        """)
      let flows = trace.flows.filter { $0.isSeen(from: "kft-client") }
      let failed = flows.filter { $0.diagnosis != nil }
      let verdict = "\(failed.count) of \(flows.count) connections failed"
      #expect(values[0].contains(verdict), "\(values)")
      #expect(values[1] == "\"\(flows.count + 1)\"")
      #expect(values[2] == "1")
      for words in ["dropped ×", "kft-node2 FORWARD", "NETFILTER_DROP", "-A KUBE-POLICY-WEB3"] {
        #expect(values[3].contains(words), "\(values[3])")
      }
      #expect(values[4].contains("dropped in kft-node2 FORWARD: NETFILTER_DROP"), "\(values[4])")
      for words in ["policy-drop", "layer policy", "certain", "iptables -t filter -L", "Copy"] {
        #expect(values[5].contains(words), "\(values[5])")
      }
      #expect(values[6].contains("10.244.2.9:8080\(failed.count) of \(failed.count) failed"))
      #expect(values[7].contains("fails only through 10.244.2.9:8080"))
      #expect(values[8] == "3", "the expected share, at each endpoint")
      #expect(values[9] != values[10] && values[9] == values[12])
      #expect(values[11] == "\"grid\"")
      #expect(values[13] == "\(failed.count)" && values[14] == values[13])
      #expect(values[15] == "\"\(flows.count)\"")
    }

    @Test("healthy, to the other node") func healthy() throws {
      let (trace, values) = try browse(
        "healthy-other-node",
        ["--svc", "default/web"]
          + Lab.netns("node1", "node2", "client", "web1", "web2", "web3"),
        """
        key /
        type 10.244.2.
        wait document.getElementById('count').textContent.includes(' of ')
        eval document.documentElement.dataset.outcome
        eval document.getElementById('verdict').textContent
        eval document.querySelectorAll('.cross, .callout, .failed').length
        eval document.getElementById('causes').hidden
        eval [...document.querySelectorAll('#ladder .lane text')].map((lane) => lane.textContent)
        eval [...document.querySelectorAll('#ladder .label text')].map((label) => label.textContent)
        """)
      let count = trace.flows.filter { $0.isSeen(from: "kft-client") }.count
      #expect(values[0] == "\"healthy\"" && values[1].contains("\(count) connections, none failed"))
      #expect(values[2] == "0" && values[3] == "true")
      for lane in ["vethclient", "PREROUTING", "flannel.1", "eth0"] {
        #expect(values[4].contains("\"\(lane)\""), "\(values[4])")
      }
      for label in ["\"DNAT → 10.244.2.", " of 3\"", "VNI 1", "un-DNAT ← 10.96.0.50:80"] {
        #expect(values[5].contains(label), "\(values[5])")
      }
    }
  }
}
