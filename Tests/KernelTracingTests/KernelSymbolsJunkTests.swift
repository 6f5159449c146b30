import KernelTracing
import Testing

@Suite struct KernelSymbolsJunkTests {
  @Test("digits that are none do not end the tracer") func digits() async {
    await #expect(processExitsWith: .success) {
      _ = KernelSymbols(kallsyms: Array("fffffffffffffff\u{7f} T name\n".utf8))
    }
  }
}
