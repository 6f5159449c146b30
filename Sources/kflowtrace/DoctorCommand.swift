import ArgumentParser
import Diagnosis
import FlowModel
import FoundationEssentials
import KernelTracing
import Recording
import Rendering
import ServiceCatalog

/// `kflowtrace doctor`: what this node offers, by trying.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what this kernel and process offer for tracing, and what a lack costs.",
    discussion: """
      Loads and attaches every program for a moment in the current network namespace, and takes \
      them away again. Changes nothing on the node.

      EXAMPLES
        kflowtrace doctor
        kflowtrace doctor && kflowtrace --svc 10.96.0.50
        kflowtrace doctor --json | jq '.findings[] | select(.state != "ok")'

      EXIT CODE
        0   all there          1   tracing works, something is missing
        69  the kernel can't   77  a capability is missing
      """)

  @Flag(help: "One JSON object.")
  var json = false

  private struct Report: Encodable {
    var schema = "kflowtrace/1"
    var type = "doctor"
    var release: String
    var findings: [Finding]
    /// Every place that was tried, by backend.
    var hooks: [String: [NodeFacts.Hook]]
    var exitCode: Int32
  }

  func run() async throws {
    let facts = await Self.gather()
    let findings = Examination.findings(facts)
    let code = Examination.exitCode(facts)
    if json {
      let hooks = facts.trials.filter { $0.error == nil }.map { ($0.backend, $0.hooks) }
      let report = Report(
        release: facts.release, findings: findings,
        hooks: Dictionary(uniqueKeysWithValues: hooks), exitCode: code)
      _ = Output.result(try JSONLines().line(report))
    } else {
      let style = Style(isColoured: Output.isColoured)
      _ = Output.result(
        ExaminationText(style: style)
          .render(findings, title: "kflowtrace doctor   Linux \(facts.release)"))
    }
    throw ExitCode(code)
  }

  private static func gather() async -> NodeFacts {
    let features = KernelFeatures.probe()
    var facts = NodeFacts()
    facts.release = features.release
    facts.hasBTF = features.hasBTF
    facts.missingCapabilities = features.missingCapabilities
    facts.canEnterNamespaces = features.canEnterNamespaces
    facts.hasKprobes = features.hasKprobes
    facts.hasNetfilterLinks = features.hasNetfilterLinks
    facts.hasTCX = features.hasTCX
    facts.lockdown = features.lockdown
    facts.lockableMemory = NodeResidue.lockableMemory
    facts.reasonCount =
      DropReasons.ofRunningKernel().all
      .filter { !ReasonWords.isPlaceholder($0.name) }.count
    facts.hasSymbols = KernelSymbols.areVisible
    let names = Examination.commands.map(\.name)
    let present = NodeCommands.present(names)
    facts.absentCommands = names.filter { !present.contains($0) }
    guard facts.hasBTF, facts.missingCapabilities.isEmpty else { return facts }
    let residue = NodeResidue.look()
    facts.devicesWithPrograms = residue.devicesWithPrograms
    facts.leftovers = residue.leftovers
    let options = TraceOptions()
    facts.ringBytes = options.ringBytes
    for backend in Backend.allCases where features.has(backend) {
      facts.trials.append(attempt(backend, options))
    }
    let rules = await NodeRules.read(netns: nil)
    facts.unreadRules = rules.missing
    facts.serviceCount = ServiceCatalog(rules.ruleSets).services.count
    return facts
  }

  /// Attaches for a packet that no network has: to 240.0.0.0, which is reserved.
  private static func attempt(_ backend: Backend, _ options: TraceOptions) -> NodeFacts.Trial {
    var options = options
    options.backend = backend
    options.sweepsLeftovers = false
    options.matches.sides = [.init(address: Address(v4: 0xf000_0000))]
    let begin = Session.now()
    do throws(TracingError) {
      let tracer = try Tracer(options)
      let time = Double(Session.now() - begin) / 1e6
      let hooks = tracer.hooks.map { hook in
        NodeFacts.Hook(
          kind: hook.kind.rawValue, name: hook.name, isAttached: hook.isAttached,
          isInKernel: hook.isAttached || KernelSymbols.find(hook.name) != nil)
      }
      return .init(
        backend: backend.rawValue, milliseconds: time, hooks: hooks,
        readsDirectly: tracer.readsDirectly)
    } catch {
      return .init(
        backend: backend.rawValue, error: error.message, isForbidden: error.kind == .privilege)
    }
  }
}
