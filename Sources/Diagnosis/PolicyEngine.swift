/// Whose NetworkPolicies a rule enforces, by what only that one writes.
struct PolicyEngine {
  /// `Calico`; `nil`: known for what it does, not by whom.
  var name: String?
  /// What tells it: `its chain cali-tw-cali95aa86cbb2a`.
  var sign: String
  /// Ends what no policy allowed, rather than what one denies.
  var isDefaultDeny: Bool

  /// How the names of chains begin that hold policies and nothing else.
  private static let chains: [(prefix: String, name: String?)] = [
    ("KUBE-POLICY-", nil), ("KUBE-NWPLCY-", "kube-router"), ("KUBE-POD-FW-", "kube-router"),
    ("WEAVE-NPC", "Weave Net"), ("CILIUM_", "Cilium"), ("ANTREA-POL-", "Antrea"),
    // to and from workloads, policies and profiles in and out, to and from hosts
    ("cali-tw-", "Calico"), ("cali-fw-", "Calico"), ("cali-pi-", "Calico"), ("cali-po-", "Calico"),
    ("cali-pri-", "Calico"), ("cali-pro-", "Calico"), ("cali-th-", "Calico"),
    ("cali-fh-", "Calico"), ("cali-thfw-", "Calico"), ("cali-fhfw-", "Calico"),
  ]

  /// Comments of the rules that end such chains.
  private static let defaults = [
    "Drop if no policies passed packet", "Drop if no profiles matched",
    "rule to REJECT traffic destined for POD",
  ]

  /// `nil` unless the rule itself says so.
  init?(_ rule: RuleFinding) {
    // every engine also drops what belongs to no connection, by no policy
    let text = rule.specification
    if text.contains("--ctstate INVALID") || text.contains("--state INVALID")
      || text.contains("ct state invalid")
    {
      return nil
    }
    // Calico puts the name of the hook's table before a chain's in nftables
    let bare =
      ["filter-", "raw-", "mangle-"].first { rule.chain.hasPrefix($0) }
      .map { rule.chain.dropFirst($0.count) } ?? rule.chain[...]
    if let known = Self.chains.first(where: { bare.hasPrefix($0.prefix) }) {
      name = known.name
      sign = "its chain \(rule.chain)"
      isDefaultDeny =
        Self.defaults.contains { rule.comment?.contains($0) ?? false }
        || rule.chain == "WEAVE-NPC-EGRESS"
    } else if rule.table.hasSuffix("network-policies") {
      // kube-network-policies and kindnet
      sign = "its table \(rule.table)"
      isDefaultDeny = false
    } else if text == "-A FORWARD -o weave -j DROP" {
      name = "Weave Net"
      sign = "its rule for the device weave"
      isDefaultDeny = true
    } else {
      return nil
    }
  }

  /// What it does to `it` or `the answer`.
  func words(_ what: String) -> String {
    guard isDefaultDeny else { return "a NetworkPolicy (by \(sign)) drops \(what)" }
    return "no NetworkPolicy allows \(what), and \(name ?? "what enforces them") drops the rest "
      + "(by \(sign))"
  }
}
