// bpfembed SOURCE OUTPUT: compiles a BPF program with clang and writes a Swift source with
// the objects in it. clang is $KFLOWTRACE_CLANG, else the first `clang` on the path.

import Foundation

/// Ends the build with one line, in the form compilers use.
func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("error: \(message)\n".utf8))
  exit(1)
}

guard CommandLine.arguments.count == 3 else { fail("usage: bpfembed SOURCE OUTPUT") }
let source = URL(filePath: CommandLine.arguments[1])
let output = URL(filePath: CommandLine.arguments[2])
let folder = source.deletingLastPathComponent()
let environment = ProcessInfo.processInfo.environment

func onPath(_ name: String) -> String? {
  (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }
}

guard let clang = environment["KFLOWTRACE_CLANG"] ?? onPath("clang") ?? onPath("clang-14") else {
  fail("no clang on the path to compile \(source.lastPathComponent): apt-get install clang")
}

#if arch(x86_64)
  let (target, multiarch) = ("x86", "x86_64-linux-gnu")
#elseif arch(arm64)
  let (target, multiarch) = ("arm64", "aarch64-linux-gnu")
#else
  #error("kflowtrace builds on x86_64 and arm64")
#endif

/// Runs a tool to its end; its status.
func run(_ tool: String, _ arguments: [String]) -> Int32 {
  let process = Process()
  process.executableURL = URL(filePath: tool)
  process.arguments = arguments
  do {
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  } catch {
    fail("cannot run \(tool): \(error.localizedDescription)")
  }
}

/// The object that the source becomes with KFT_DIRECT defined so.
func compile(direct: Int) -> Data {
  let name = "\(output.deletingPathExtension().lastPathComponent)-\(direct).o"
  let object = output.deletingLastPathComponent().appending(path: name)
  let status = run(
    clang,
    [
      "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror",
      "-D__TARGET_ARCH_\(target)", "-DKFT_DIRECT=\(direct)", "-idirafter",
      "/usr/include/\(multiarch)", "-ffile-prefix-map=\(folder.path())=bpf/",
      "-c", source.path(), "-o", object.path(),
    ])
  guard status == 0 else {
    fail("\(clang) could not compile \(source.lastPathComponent), see above")
  }
  // Debug sections are most of the file and of no use to the kernel; BTF stays.
  if let strip = onPath("llvm-strip") ?? onPath("llvm-strip-14") ?? onPath("llvm-objcopy") {
    _ = run(strip, ["-g", object.path()])
  }
  do {
    return try Data(contentsOf: object)
  } catch {
    fail("cannot read \(object.path()): \(error.localizedDescription)")
  }
}

do {
  let text = """
    // Made from bpf/ by bpfembed. The BPF objects, base64.
    /// Reads kernel memory by plain loads (KFT_DIRECT of bpf/memory.bpf.h).
    let bpfDirectObjectBase64: StaticString = "\(compile(direct: 1).base64EncodedString())"
    /// By probes.
    let bpfProbingObjectBase64: StaticString = "\(compile(direct: 0).base64EncodedString())"

    """
  try Data(text.utf8).write(to: output)
} catch {
  fail("cannot write \(output.path()): \(error.localizedDescription)")
}
