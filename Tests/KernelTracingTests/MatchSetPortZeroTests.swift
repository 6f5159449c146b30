import CEvent
import FlowModel
import Testing

@testable import KernelTracing

@Suite struct MatchSetPortZeroTests {
  @Test("port 0 means any, for the programs too") func portZero() throws {
    var set = MatchSet()
    set.sides = [.init(address: Address("10.0.0.1"), port: 0)]
    #expect(set.entries().map(\.key.port) == [0])
    #expect(set.forms.addressOnly, "the programs look for keys without a port only if told so")
  }

  @Test("an address with port 0 and without port is one key") func oneKey() throws {
    var set = MatchSet()
    let address = Address("10.0.0.1")
    set.sides = [.init(address: address, port: 0)]
    set.pairs = [(.init(address: address), .init(address: Address("10.0.0.2")))]
    #expect(set.entries().count == 2)
  }
}
