import ArgumentParser
import Diagnosis
import FoundationEssentials
import KernelTracing
import Recording
import Rendering

/// `kflowtrace explain`: the kernel's words in ours.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what a drop reason or a kernel function in a drop means.",
    discussion: """
      Without a name it lists the reasons of the running kernel. Needs no privilege.

      EXAMPLES
        kflowtrace explain NETFILTER_DROP
        kflowtrace explain no_socket 7 ip_forward+0x2c0
        kflowtrace explain | grep -i neigh
        kflowtrace explain --json | jq -r 'select(.what == null) | .name'

      EXIT CODE
        0   explained          64  no such reason or function
        69  the kernel does not tell its reasons
      """)

  @Argument(help: "A reason's name or number, or a function as in a drop's location.")
  var names: [String] = []

  @Flag(help: "One JSON object a line.")
  var json = false

  func run() throws {
    let reasons = DropReasons.ofRunningKernel()
    let glossary = Glossary(reasons: reasons.all, subsystems: reasons.subsystems) { name in
      KernelSymbols.find(name).map { Glossary.Function(module: $0.module) }
    }
    if names.isEmpty, reasons.all.isEmpty {
      throw fail(
        "this kernel does not tell its drop reasons: they came with Linux 5.17 and are read from "
          + "/sys/kernel/btf/vmlinux; explain NAME knows them all the same", 69)
    }
    let entries = names.isEmpty ? glossary.all : try names.map { try entry($0, glossary) }
    let text = GlossaryText(style: Style(isColoured: Output.isColoured))
    if json {
      let lines = JSONLines()
      for entry in entries where !Output.result(try lines.line(entry)) { return }
    } else if names.isEmpty {
      _ = Output.result(text.table(entries))
    } else {
      _ = Output.result(entries.map(text.paragraph).joined(separator: "\n"))
    }
  }

  private func entry(_ name: String, _ glossary: Glossary) throws -> GlossaryEntry {
    do throws(Glossary.UnknownWord) {
      return try glossary.entry(for: name)
    } catch {
      throw fail(error.message, 64)
    }
  }

  private func fail(_ line: String, _ code: Int32) -> ExitCode {
    Output.note("kflowtrace: explain \(line)")
    return ExitCode(code)
  }
}
