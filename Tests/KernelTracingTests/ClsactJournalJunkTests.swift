import Foundation
import Glibc
import Testing

@testable import KernelTracing

@Suite(.serialized, .enabled(if: isRoot, "needs root")) struct ClsactJournalJunkTests {
  @Test("four numbers among other words are no entry") func mixed() throws {
    let journal = try JournalFolder()
    try journal.add("4194305.1.old.7.1")
    ClsactJournal.sweep()
    #expect(journal.has("4194305.1.old.7.1"))
  }
}
