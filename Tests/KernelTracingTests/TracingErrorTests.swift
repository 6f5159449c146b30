import Glibc
import Testing

@testable import KernelTracing

@Suite struct TracingErrorTests {
  @Test(
    "each kind has its sysexits code",
    arguments: [
      (TracingError.Kind.usage, 64), (.kernel, 69), (.failure, 70), (.privilege, 77),
    ] as [(TracingError.Kind, Int32)])
  func codes(_ kind: TracingError.Kind, _ code: Int32) {
    #expect(TracingError(kind, "x").exitCode == code)
  }

  @Test("the description is the message, without the details") func description() {
    let error = TracingError(.kernel, "refused", details: "line one\nline two")
    #expect("\(error)" == "refused")
    #expect(error.details == "line one\nline two")
  }

  @Test("from an errno it says operation, cause and next step in one line") func fromErrno() {
    let error = TracingError.errno("cannot open /x", ENOENT, "see `ip netns list`")
    #expect(error.message == "cannot open /x: No such file or directory; see `ip netns list`")
    #expect(error.exitCode == 70)
    #expect(
      TracingError.errno("cannot read /x", EIO).message == "cannot read /x: Input/output error")
  }

  @Test("what the kernel forbids is a matter of privilege", arguments: [EPERM, EACCES])
  func forbidden(_ code: Int32) {
    #expect(TracingError.errno("cannot enter", code).exitCode == 77)
  }

  @Test("a file that can't be read says which") func reading() {
    let error = #expect(throws: TracingError.self) { try [UInt8](reading: "/nonexistent/file") }
    #expect(error?.message == "cannot read /nonexistent/file: No such file or directory")
  }

  @Test("a file of /proc, whose size is said to be 0, is read whole") func procFile() throws {
    let status = try String(reading: "/proc/self/status")
    #expect(status.hasPrefix("Name:"))
    #expect(status.contains("CapEff:"))
    #expect(status.hasSuffix("\n"))
  }
}
