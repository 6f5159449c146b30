import FlowModel
import Testing

@Suite struct NetworkStateTests {
  private func route(
    _ network: String, _ length: UInt8, device: UInt32
  ) throws -> NetworkState.Route {
    NetworkState.Route(
      network: try #require(Address(network)), length: length, gateway: nil, device: device)
  }

  @Test("the longest prefix wins, IP versions apart") func routes() throws {
    let state = NetworkState(routes: [
      try route("0.0.0.0", 0, device: 1), try route("10.244.0.0", 16, device: 2),
      try route("10.244.2.0", 24, device: 3), try route("::", 0, device: 4),
    ])
    func device(_ address: String) throws -> UInt32? {
      state.route(to: try #require(Address(address)))?.device
    }
    #expect(try device("10.244.2.8") == 3)
    #expect(try device("10.244.3.8") == 2)
    #expect(try device("192.168.1.1") == 1)
    #expect(try device("fd00::1") == 4)
    #expect(NetworkState().route(to: Address(v4: 1)) == nil)
  }

  @Test("a neighbour is one on its device") func neighbours() throws {
    let hop = try #require(Address("10.244.2.0"))
    let state = NetworkState(neighbours: [
      .init(address: hop, device: 4, hardware: "0a:00:00:00:00:01", state: "permanent"),
      .init(address: hop, device: 5, hardware: nil, state: "failed"),
    ])
    #expect(state.neighbour(hop, on: 4)?.hardware == "0a:00:00:00:00:01")
    #expect(state.neighbour(hop, on: 5)?.state == "failed")
    #expect(state.neighbour(hop, on: 6) == nil)
  }
}
