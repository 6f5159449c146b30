import Diagnosis
import Testing

@Suite struct ExaminationTests {
  private var whole: NodeFacts {
    var facts = NodeFacts()
    facts.release = "6.12.1"
    facts.hasBTF = true
    facts.canEnterNamespaces = true
    facts.hasKprobes = true
    facts.hasNetfilterLinks = true
    facts.hasTCX = true
    facts.reasonCount = 100
    facts.hasSymbols = true
    facts.trials = [.init(backend: "kprobe", milliseconds: 61.5, notProbed: [], error: nil)]
    facts.serviceCount = 3
    return facts
  }

  private func states(_ facts: NodeFacts) -> [String: Finding.State] {
    Dictionary(uniqueKeysWithValues: Examination.findings(facts).map { ($0.name, $0.state) })
  }

  @Test("all there") func all() {
    #expect(Set(states(whole).values) == [.ok])
    #expect(Examination.exitCode(whole) == 0)
  }

  @Test("one way to see netfilter is enough; none is fatal") func netfilter() {
    var facts = whole
    facts.hasKprobes = false
    #expect(states(facts)["netfilter"] == .ok && Examination.exitCode(facts) == 0)
    facts.hasNetfilterLinks = false
    #expect(states(facts)["netfilter"] == .fatal && Examination.exitCode(facts) == 69)
  }

  @Test("what costs nothing does not change the exit code") func notes() {
    var facts = whole
    facts.hasTCX = false
    facts.serviceCount = 0
    facts.trials[0].notProbed = ["ipt_do_table"]
    let states = states(facts)
    #expect(states["devices"] == .note && states["rules"] == .note)
    #expect(states["kprobe backend"] == .note)
    #expect(Examination.exitCode(facts) == 0)
  }

  @Test("what costs something says what and how to get it") func missing() {
    var facts = whole
    facts.reasonCount = 0
    facts.hasSymbols = false
    facts.canEnterNamespaces = false
    facts.unreadRules = ["no iptables-save was found"]
    facts.trials = [.init(backend: "kprobe", milliseconds: nil, notProbed: [], error: "refused")]
    let missing = Examination.findings(facts).filter { $0.state == .missing }
    #expect(
      Set(missing.map(\.name)) == [
        "drop reasons", "symbols", "namespaces", "rules", "kprobe backend",
      ])
    for finding in missing {
      #expect(finding.costs != nil && finding.get != nil, "\(finding.name)")
    }
    #expect(Examination.exitCode(facts) == 1)
  }

  @Test("privilege comes before the kernel") func privilege() {
    var facts = whole
    facts.hasBTF = false
    #expect(Examination.exitCode(facts) == 69)
    facts.missingCapabilities = ["CAP_BPF"]
    #expect(Examination.exitCode(facts) == 77)
    facts = whole
    facts.lockdown = "confidentiality"
    #expect(Examination.exitCode(facts) == 69)
    facts.lockdown = "integrity"
    #expect(Examination.exitCode(facts) == 0)
  }
}
