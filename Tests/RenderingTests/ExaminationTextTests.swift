import Diagnosis
import Rendering
import Testing

@Suite struct ExaminationTextTests {
  private func findings(_ change: (inout NodeFacts) -> Void = { _ in }) -> [Finding] {
    var facts = NodeFacts()
    facts.release = "6.12.1"
    facts.hasBTF = true
    facts.canEnterNamespaces = true
    facts.hasNetfilterLinks = true
    facts.hasTCX = true
    facts.hasSymbols = true
    facts.reasonCount = 100
    facts.ringBytes = 8 << 20
    facts.trials = [.init(backend: "netfilter", milliseconds: 12.34, readsDirectly: true)]
    change(&facts)
    return Examination.findings(facts)
  }

  private func render(_ findings: [Finding], isColoured: Bool = false) -> String {
    ExaminationText(style: Style(isColoured: isColoured)).render(findings, title: "doctor")
  }

  @Test("all there: aligned, ending in a verdict") func all() {
    let text = render(findings())
    #expect(text.hasPrefix("doctor\n\n  ✓ BTF                /sys/kernel/btf/vmlinux\n"))
    #expect(text.hasSuffix("\n\nall there\n"))
    #expect(!text.contains("\u{1b}"))
    let columns = Set(
      text.split(separator: "\n").dropFirst().dropLast().map { line in
        line.dropFirst(4).prefix(19).count
      })
    #expect(columns == [19])
  }

  @Test("what is missing says what it costs and how to get it") func missing() {
    let text = render(findings { $0.hasSymbols = false })
    #expect(
      text.contains(
        """
          ! symbols            /proc/kallsyms hides its addresses
                               costs  the place of a drop has no name
                               get    run as root (CAP_SYSLOG), with kernel.kptr_restrict below 2

        """))
    #expect(text.hasSuffix("tracing works; 1 thing missing\n"))
  }

  @Test("what is fatal") func fatal() {
    let text = render(findings { $0.missingCapabilities = ["CAP_BPF"] })
    #expect(text.contains("  ✗ capabilities       without CAP_BPF\n"))
    #expect(text.hasSuffix("tracing can't work here\n"))
  }

  @Test("colour where it is wanted; what the node says can't colour") func colour() {
    #expect(render(findings(), isColoured: true).contains("\u{1b}[32m✓\u{1b}[0m"))
    let evil = findings { $0.devicesWithPrograms = ["e\u{1b}[31m"] }
    #expect(!render(evil).contains("\u{1b}"))
  }
}
