import FuzzTargets

/// libFuzzer's (compiler-rt/lib/fuzzer/FuzzerInterface.h).
@_silgen_name("LLVMFuzzerRunDriver")
func run(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `Fuzzer TARGET [libFuzzer's options] [FOLDER]...`
@main enum Fuzzer {
  nonisolated(unsafe) static var target = FuzzTarget.all[0]

  static func main() {
    let names = FuzzTarget.all.map(\.name)
    guard CommandLine.arguments.count > 1,
      let chosen = names.firstIndex(of: CommandLine.arguments[1])
    else {
      print("targets: \(names.joined(separator: " "))")
      return
    }
    unsafe target = FuzzTarget.all[chosen]
    // the target stands where libFuzzer has the program's name
    var count = CommandLine.argc - 1
    var arguments = unsafe CommandLine.unsafeArgv + 1
    _ = unsafe run(&count, &arguments) { bytes, count in
      unsafe Fuzzer.target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
      return 0
    }
  }
}
