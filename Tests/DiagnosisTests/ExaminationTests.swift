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
    facts.ringBytes = 8 << 20
    facts.trials = [
      .init(
        backend: "kprobe", milliseconds: 61.5,
        hooks: [
          hook("tracepoint", "kfree_skb"), hook("device", "eth0"), hook("kprobe", "ip_rcv"),
          hook("kprobe", "vxlan_rcv"),
        ], readsDirectly: true),
      .init(
        backend: "netfilter", milliseconds: 12,
        hooks: [hook("tracepoint", "kfree_skb"), hook("netfilter", "FORWARD")],
        readsDirectly: true),
    ]
    facts.unreadRules = []
    facts.absentCommands = []
    facts.serviceCount = 3
    return facts
  }

  private func hook(
    _ kind: String, _ name: String, isAttached: Bool = true, isInKernel: Bool = true
  ) -> NodeFacts.Hook {
    .init(kind: kind, name: name, isAttached: isAttached, isInKernel: isInKernel)
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
    for i in facts.trials.indices { facts.trials[i].readsDirectly = false }
    facts.serviceCount = 0
    facts.leftovers = 2
    facts.devicesWithPrograms = ["eth0"]
    facts.absentCommands = ["conntrack"]
    facts.trials[0].hooks.append(
      hook("kprobe", "ipt_do_table", isAttached: false, isInKernel: false))
    let states = states(facts)
    #expect(states["devices"] == .note && states["rules"] == .note)
    #expect(states["kernel memory"] == .note)
    #expect(states["kprobe backend"] == .ok && states["ipt_do_table"] == .note)
    #expect(states["leftovers"] == .note && states["commands"] == .note)
    #expect(states["other programs"] == .ok)
    #expect(Examination.exitCode(facts) == 0)
  }

  @Test("what costs something says what and how to get it") func missing() {
    var facts = whole
    facts.reasonCount = 0
    facts.hasSymbols = false
    facts.canEnterNamespaces = false
    facts.unreadRules = ["no iptables-save was found"]
    facts.absentCommands = ["nsenter"]
    facts.trials[1] = .init(backend: "netfilter", error: "refused")
    facts.trials[0].readsDirectly = false
    facts.trials[0].hooks.append(hook("kprobe", "ip_forward", isAttached: false))
    let missing = Examination.findings(facts).filter { $0.state == .missing }
    #expect(
      Set(missing.map(\.name)) == [
        "drop reasons", "symbols", "namespaces", "rules", "netfilter backend", "commands",
        "ip_forward", "kernel memory",
      ])
    for finding in missing {
      #expect(finding.costs != nil && finding.get != nil, "\(finding.name)")
    }
    #expect(Examination.exitCode(facts) == 1)
  }

  @Test("nothing that was tried works: the kernel can't, or something forbids it") func none() {
    var facts = whole
    facts.trials = facts.trials.map { .init(backend: $0.backend, error: "no") }
    #expect(states(facts)["kprobe backend"] == .fatal && Examination.exitCode(facts) == 69)
    facts.trials = facts.trials.map {
      .init(backend: $0.backend, error: "no", isForbidden: true)
    }
    #expect(Examination.exitCode(facts) == 77)
    func get() -> String? { Examination.findings(facts).first { $0.state == .fatal }?.get }
    #expect(get()?.hasPrefix("run as root") == true)
    facts.canEnterNamespaces = false
    #expect(get()?.hasPrefix("CAP_SYS_ADMIN") == true)
  }

  @Test("a backend the kernel lacks is said to be, while the other works") func lacking() {
    var facts = whole
    facts.hasNetfilterLinks = false
    facts.trials.remove(at: 1)
    let finding = Examination.findings(facts).first { $0.name == "netfilter backend" }
    #expect(finding?.state == .note && finding?.detail.contains("6.4") == true)
    #expect(finding?.detail.contains("kprobe backend") == true)
    #expect(Examination.exitCode(facts) == 0)
  }

  @Test("each function that is not probed says what is not seen") func unprobed() {
    var facts = whole
    facts.trials[0].hooks += [
      hook("kprobe", "vxlan_xmit", isAttached: false, isInKernel: false),
      hook("kprobe", "nf_hook_slow", isAttached: false),
    ]
    let findings = Examination.findings(facts)
    let backend = findings.first { $0.name == "kprobe backend" }
    #expect(backend?.detail == "2 of 4 functions, attached in 61.5 ms")
    let module = findings.first { $0.name == "vxlan_xmit" }
    #expect(module?.state == .note && module?.detail.contains("module vxlan") == true)
    let lost = findings.first { $0.name == "nf_hook_slow" }
    #expect(lost?.state == .missing && lost?.costs?.contains("netfilter hooks") == true)
  }

  @Test(
    "memory counts before 5.11 only", arguments: ["5.8.0-1", "5.10.200", "5.11.0", "6.18.44-x"])
  func memory(_ release: String) {
    var facts = whole
    facts.release = release
    facts.lockableMemory = 65536
    let isOld = release < "5.11" || release.hasPrefix("5.8")
    #expect((states(facts)["locked memory"] == .note) == isOld)
    facts.lockableMemory = nil
    #expect(states(facts)["locked memory"] == nil)
  }

  @Test("many devices are shortened") func many() {
    var facts = whole
    facts.trials[0].hooks += (1...20).map { hook("device", "veth\($0)") }
    let devices = Examination.findings(facts).first { $0.name == "devices" }
    #expect(devices?.detail.hasSuffix(" and 16 more devices") == true)
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
