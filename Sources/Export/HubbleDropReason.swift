internal import Diagnosis
internal import Recording

/// A value of Cilium's `DropReason` (flow.proto): those that say what was found, and `unknown` for what
/// Cilium has no word for. The kernel's own reason stands beside it.
enum HubbleDropReason: Int {
  case unknown = 0
  case policyDenied = 133
  case serviceBackendNotFound = 158
  case noTunnel = 160
  case fibLookupFailed = 169
  case invalidVNI = 183
  case ttlExceeded = 196

  /// Of a packet that died; POLICY_DENIED only if it is certain that a NetworkPolicy's rule did it.
  init(_ hop: FlowRecord.HopRecord, of flow: FlowRecord) {
    self = .unknown
    let drop = flow.drops.first {
      $0.reason == hop.reason && $0.location == hop.location && $0.netns == hop.netns
    }
    // another drop than the one that was explained
    guard let drop, drop.reason == flow.drops.first?.reason else { return }
    switch flow.diagnosis?.cause {
    case "policy-drop", "dns-blocked":
      if let rule = drop.rule, rule.isNetworkPolicy, rule.certainty == .certain {
        self = .policyDenied
      }
    case "no-endpoints", "no-local-endpoint": self = .serviceBackendNotFound
    case "no-tunnel-peer": self = .noTunnel
    case "no-route": self = .fibLookupFailed
    case "vni-mismatch": self = .invalidVNI
    case "routing-loop": self = .ttlExceeded
    default: break
    }
  }

  var name: String {
    switch self {
    case .unknown: "DROP_REASON_UNKNOWN"
    case .policyDenied: "POLICY_DENIED"
    case .serviceBackendNotFound: "SERVICE_BACKEND_NOT_FOUND"
    case .noTunnel: "NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT"
    case .fibLookupFailed: "FIB_LOOKUP_FAILED"
    case .invalidVNI: "INVALID_VNI"
    case .ttlExceeded: "TTL_EXCEEDED"
    }
  }
}
