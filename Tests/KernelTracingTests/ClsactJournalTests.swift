import Glibc
import Testing

@testable import KernelTracing

/// Works in the real folder, with names nobody else has: no namespace has inode 1.
@Suite(.serialized, .enabled(if: isRoot, "needs root")) struct ClsactJournalTests {
  private let own = "\(getpid()).1"

  /// Makes files there, sweeps, and says which are left; leaves nothing.
  private func leftAfterSweep(_ names: [String]) throws -> [String] {
    let journal = try JournalFolder()
    for name in names { try journal.add(name) }
    ClsactJournal.sweep()
    return names.filter(journal.has)
  }

  @Test("a device is noted, disowned and forgotten") func life() throws {
    let journal = try JournalFolder()
    #expect(ClsactJournal.note(7, in: 1))
    #expect(journal.has("\(own).7.1"))
    ClsactJournal.disown(7, in: 1)
    #expect(!journal.has("\(own).7.1"))
    #expect(journal.has("\(own).7.0"))
    ClsactJournal.forget(7, in: 1)
    #expect(!journal.has("\(own).7.0"))
    #expect(ClsactJournal.note(8, in: 1))
    ClsactJournal.forget(8, in: 1)
    #expect(!journal.has("\(own).8.1"))
  }

  @Test("what lives is left alone, what a dead process left is taken away") func sweep() throws {
    // above the largest pid there can be on 64 bits, 4194304
    let left = try leftAfterSweep([
      "\(own).7.0", "1.1.7.1", "4194305.1.7.0", "4194306.1.7.1", "4194306.4026531840.7.1",
    ])
    #expect(left == ["\(own).7.0", "1.1.7.1"])
  }

  @Test("names that are none of ours are ignored") func malformed() throws {
    let names = [
      "README", "x.1.7.1", "4194305", "4194305.1", "4194305.1.7", "4194305.1.7.", "4194305.1.x.1",
      "-4194305.1.7.1", "4194305.1.7.-1", "4194305.1.7.1.1", "4194305.99999999999.7.1", ".hidden",
      "99999999999.1.7.1",
    ]
    #expect(try leftAfterSweep(names) == names)
  }

  @Test("a number too large for a process id does not end the tracer") func largePID() async throws
  {
    let journal = try JournalFolder()
    try journal.add("4294967295.1.7.1")
    await #expect(processExitsWith: .success) { ClsactJournal.sweep() }
  }
}
