import KernelTracing
import Testing

@Suite struct NamespaceTypeTests {
  @Test(
    "a namespace of another kind is no network namespace",
    arguments: ["/proc/self/ns/mnt", "/proc/self/ns/uts"])
  func otherKind(_ path: String) throws {
    let error = #expect(throws: TracingError.self) { _ = try NetworkNamespace.named(path) }
    #expect(try #require(error).exitCode == 64)
  }

  @Test("a wrong name with a line break in it is still told in one line") func lineBreak() throws {
    let error = #expect(throws: TracingError.self) { _ = try NetworkNamespace.named("a\nb") }
    #expect(try #require(error).message.contains("\n") == false)
  }
}
