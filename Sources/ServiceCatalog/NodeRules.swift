/// The rules of one network namespace, of both IP versions: of iptables, in both back ends, of
/// nftables, and IPVS's virtual servers.
public struct NodeRules: Sendable {
  public var ruleSets: [RuleSet]
  public var nft: NFTRuleset
  public var ipvs: IPVSTable
  /// What could not be read or understood, and so cannot be named; a sentence each.
  public var missing: [String]

  public init(
    ruleSets: [RuleSet] = [], nft: NFTRuleset = NFTRuleset(), ipvs: IPVSTable = IPVSTable(),
    missing: [String] = []
  ) {
    self.ruleSets = ruleSets
    self.nft = nft
    self.ipvs = ipvs
    self.missing = missing
  }

  /// Reads the rules of a network namespace (`/run/netns/NAME`, `/proc/PID/ns/net`; `nil`: our
  /// own) with the node's own iptables-save and nft commands.
  ///
  /// Never throws: what cannot be read is told in ``missing``.
  public static func read(netns path: String? = nil) async -> NodeRules {
    switch await NamespaceThread.run(in: path, { NodeRulesReader.read() }) {
    case .success(let rules): rules
    case .failure(let why):
      NodeRules(missing: ["rules of the network namespace \(path ?? "self"): \(why)"])
    }
  }

  /// The Services these rules serve.
  public var catalog: ServiceCatalog { ServiceCatalog([self]) }
}
