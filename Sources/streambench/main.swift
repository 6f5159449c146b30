import CEvent
import Diagnosis
import FlowFixtures
import FlowModel
import Glibc

// Measures what is behind the ring buffer; scripts/bench.d/userspace runs it.

let usage = """
  usage: streambench rate [--to decode|correlator|json] [--events N] [--recording FILE]
                          [--output FILE]
         streambench memory [--flows N] [--open]
         streambench steady [--seconds N] [--real]

  One line of JSON. `rate`: events a second of processor time on one core, of connections as the
  tests have them or those of a recording. `memory`: bytes after N connections, that closed or that
  have all just begun. `steady`: bytes at half and at the end of so long a trace at 20,000
  events a second, in synthetic time or really.

  """

func fail(_ text: String) -> Never {
  print(text, terminator: "")
  exit(64)
}

var options: [String: String] = [:]
var words = CommandLine.arguments.dropFirst()
guard let command = words.popFirst() else { fail(usage) }
while let word = words.popFirst() {
  guard word.hasPrefix("--") else { fail(usage) }
  let isFlag = ["--open", "--real"].contains(word)
  options[word] = isFlag ? "" : words.popFirst() ?? ""
}
let number = { (name: String, usual: Int) in options[name].flatMap { Int($0) } ?? usual }

switch command {
case "rate":
  guard let end = Pipeline.End(rawValue: options["--to"] ?? "json") else { fail(usage) }
  try Measurement.rate(
    to: end, events: number("--events", 5_000_000), recording: options["--recording"],
    output: options["--output"])
case "memory":
  Measurement.memory(flows: number("--flows", 1_000_000), open: options["--open"] != nil)
case "steady":
  Measurement.steady(seconds: number("--seconds", 600), real: options["--real"] != nil)
default: fail(usage)
}
