import Foundation
import Glibc
import Testing

@testable import Privileges

private let isRoot = geteuid() == 0

struct PrivilegeTests {
  /// Masks of the calling thread, as /proc has them.
  private static func mask(_ name: String) throws -> UInt64? {
    let text = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line.flatMap { $0.split(separator: "\t").last }.flatMap { UInt64($0, radix: 16) }
  }

  /// On a thread of its own, which the kernel gives capabilities of its own.
  private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try body() }) }
    }
  }

  @Test("numbers are the kernel's") func numbers() {
    #expect(Capabilities.tracing.rawValue == 0x00c4_0028_3000)
    #expect(Capabilities.files.rawValue == 0xa)
  }

  @Test("what tracing can't do without") func missing() {
    #expect(Capabilities.tracing.missingForTracing.isEmpty)
    #expect(Capabilities([]).missingForTracing == ["CAP_NET_ADMIN", "CAP_PERFMON", "CAP_BPF"])
    #expect(Capabilities([.netAdmin, .sysAdmin]).missingForTracing.isEmpty)
    #expect(Capabilities([.netAdmin, .perfmon, .bpf]).missingForTracing.isEmpty)
    #expect(Capabilities([.netAdmin, .bpf]).missingForTracing == ["CAP_PERFMON"])
    #expect(Capabilities([.sysAdmin]).missingForTracing == ["CAP_NET_ADMIN"])
  }

  @Test("nothing is taken away from who was not restricted", .enabled(if: isRoot))
  func unrestricted() async throws {
    try await onThread { () throws in
      let before = try Self.mask("CapEff")
      let raised = Privilege.raise()
      raised.end()
      #expect(try Self.mask("CapEff") == before)
    }
  }

  @Test("kept is in effect for a moment, given up for good the rest", .enabled(if: isRoot))
  func restricted() async throws {
    try await onThread { () throws in
      Privilege.restrict(to: .files)
      #expect(Privilege.permitted == .files)
      for name in ["CapPrm", "CapBnd"] { #expect(try Self.mask(name) == 0xa) }
      for name in ["CapEff", "CapInh", "CapAmb"] { #expect(try Self.mask(name) == 0) }
      #expect(try Self.mask("NoNewPrivs") == 1)

      let raised = Privilege.raise(.overrideFiles)
      #expect(try Self.mask("CapEff") == 0x2)
      let more = Privilege.raise(.files)
      #expect(try Self.mask("CapEff") == 0xa)
      more.end()
      #expect(try Self.mask("CapEff") == 0x2)
      raised.end()
      #expect(try Self.mask("CapEff") == 0)

      Privilege.raise(.tracing).end()
      let none = Privilege.raise(.tracing)
      #expect(try Self.mask("CapEff") == 0, "what is not permitted is not raised")
      none.end()
      Privilege.restrict(to: .tracing)
      #expect(Privilege.permitted == [], "what was given up does not come back")
    }
  }
}
