// pageembed PAGE OUTPUT: puts the style sheets and scripts that an HTML page names into it, and writes
// it as a Swift source, in two halves: what comes before its data and what comes after.

import Foundation

/// Ends the build with one line, in the form compilers use.
func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("error: \(message)\n".utf8))
  exit(1)
}

guard CommandLine.arguments.count == 3 else { fail("usage: pageembed PAGE OUTPUT") }
let page = URL(filePath: CommandLine.arguments[1])
let output = URL(filePath: CommandLine.arguments[2])

func text(of file: URL) -> String {
  do {
    return try String(contentsOf: file, encoding: .utf8)
  } catch {
    fail("cannot read \(file.path()): \(error.localizedDescription)")
  }
}

/// The file that a line of the page loads, if that is all the line does.
func name(in line: Substring, between start: String, and end: String) -> URL? {
  let line = line.drop { $0 == " " }
  guard line.hasPrefix(start), line.hasSuffix(end) else { return nil }
  let name = line.dropFirst(start.count).dropLast(end.count)
  return page.deletingLastPathComponent().appending(path: String(name))
}

var whole = ""
for line in text(of: page).split(separator: "\n", omittingEmptySubsequences: false) {
  if let style = name(in: line, between: "<link rel=\"stylesheet\" href=\"", and: "\">") {
    whole += "<style>\n\(text(of: style))</style>\n"
  } else if let script = name(in: line, between: "<script src=\"", and: "\"></script>") {
    let code = text(of: script)
    guard !code.contains("</script") else { fail("\(script.path()): it ends its own element") }
    whole += "<script>\n\(code)</script>\n"
  } else {
    whole += line + "\n"
  }
}

// the text's last line is no line of the page
whole.removeLast()

let place = "<script type=\"application/json\" id=\"recording\">"
guard let gap = whole.range(of: place + "</script>") else {
  fail("\(page.path()): there is no \(place) for the data")
}
let halves = [
  ("before", "\(whole[..<gap.lowerBound])\(place)"),
  ("after", "</script>\(whole[gap.upperBound...])"),
]
var source = "// Made from Sources/Export/Page by pageembed.\nenum EmbeddedPage {\n"
for (name, half) in halves {
  guard !half.contains("\"\"\"##"), !half.contains("\\##(") else {
    fail("\(page.path()): it ends a Swift string")
  }
  source += "static let \(name): StaticString = ##\"\"\"\n\(half)\n\"\"\"##\n"
}
source += "}\n"
do {
  try Data(source.utf8).write(to: output)
} catch {
  fail("cannot write \(output.path()): \(error.localizedDescription)")
}
