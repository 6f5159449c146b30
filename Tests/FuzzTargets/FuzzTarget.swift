/// A reader of what others wrote: no bytes may crash it, hang it, or get through it to a terminal as
/// anything but text. What must hold of its results it checks by preconditions.
public struct FuzzTarget: Sendable {
  /// The name of its folder in Tests/Corpus.
  public let name: String
  /// Takes one input.
  public let run: @Sendable ([UInt8]) -> Void

  /// Every one.
  public static let all = [
    FuzzTarget(name: "dns", run: readDNS),
    FuzzTarget(name: "events", run: readEvents),
    FuzzTarget(name: "iptables", run: readIPTables),
    FuzzTarget(name: "ipvs", run: readIPVS),
    FuzzTarget(name: "nft", run: readNFT),
    FuzzTarget(name: "proc", run: readProc),
    FuzzTarget(name: "recording", run: readRecording),
    FuzzTarget(name: "ruletrace", run: readRuleTrace),
  ]
}
