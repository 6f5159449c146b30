internal import FlowModel

extension Case {
  /// The earliest drop by a netfilter verdict.
  var filterDrop: (way: Transmission, hop: Hop)? {
    drops.first { $0.isFor("NETFILTER_DROP", "NETFILTER_INGRESS", in: "nf_hook_slow") }
      .map { ($0.way, $0.hop) }
  }
}

extension Cause {
  /// A Service whose endpoints are gone: kube-proxy rejects or drops what is sent to it, and so does
  /// IPVS.
  static let noEndpoints = Cause("no-endpoints") { given in
    if let refused = given.refusedByIPVS { return refused }
    guard let (way, hop) = given.filterDrop, let rule = given.node.rule(for: hop),
      let name = rule.comment?.removing(suffix: " has no endpoints")
    else { return nil }
    let namespace = name.prefix { $0 != "/" }
    let service = name.drop { $0 != "/" }.dropFirst().prefix { $0 != ":" }
    var evidence = [
      "\(given.count(way)) rejected in \(given.placeText(hop)) by kube-proxy's rule for \(name)",
      "no NAT was applied: there is no endpoint to translate to",
    ]
    let answers = given.icmpErrors(type: 3) + given.icmpErrors(type: 1)
    if !answers.isEmpty {
      evidence.append("the client was told by an ICMP port-unreachable")
    } else if given.flow.state == .refused {
      evidence.append("the client was told by a reset")
    }
    return Explanation(
      cause: "no-endpoints", layer: .service, certainty: rule.certainty,
      why: "Service \(name) has no endpoints: no ready pod matches its selector",
      evidence: evidence,
      check: [
        "kubectl get endpointslices -n \(namespace) -l kubernetes.io/service-name=\(service)",
        "kubectl get pods -n \(namespace) -o wide",
      ],
      fix: "make a pod that matches the Service's selector Ready (selector, readiness probe, "
        + "replicas)",
      rule: rule)
  }

  /// externalTrafficPolicy Local on a node that has none of the Service's pods.
  static let noLocalEndpoint = Cause("no-local-endpoint") { given in
    guard let (way, hop) = given.filterDrop, let rule = given.node.rule(for: hop),
      let name = rule.comment?.removing(suffix: " has no local endpoints")
    else { return nil }
    let parts = name.split(separator: "/")
    return Explanation(
      cause: "no-local-endpoint", layer: .service, certainty: rule.certainty,
      why: "Service \(name) has externalTrafficPolicy Local, and no endpoint is on "
        + given.name(hop.event.netns),
      evidence: [
        "\(given.count(way)) dropped in \(given.placeText(hop)) by kube-proxy's rule for \(name)",
        "no NAT was applied: endpoints of other nodes are not used with that policy",
      ],
      check: [
        "kubectl get endpointslices -n \(parts.first ?? "") -o wide   (is one on this node?)",
        "kubectl get service -n \(parts.first ?? "") -o yaml | grep -A1 externalTrafficPolicy",
      ],
      fix:
        "call a node that has a pod of it (the load balancer's health check should see to that), "
        + "run a pod on every node, or set externalTrafficPolicy: Cluster",
      rule: rule)
  }

  /// kube-proxy in nftables mode refuses what is sent to the Service range and to no Service.
  static let unallocatedAddress = Cause("service-not-programmed") { given in
    guard let (way, hop) = given.filterDrop, let rule = given.node.rule(for: hop),
      rule.backend == "nftables", rule.table.hasSuffix(" kube-proxy")
    else { return nil }
    let target = given.flow.original.destination
    let netns = hop.event.netns
    let node = given.name(netns)
    let known = given.node.programmedAddresses(in: netns)
    let why: String
    let fix: String
    switch rule.comment {
    case "Drop traffic to unallocated ClusterIPs":
      why =
        "\(node) has no rule for \(target): kube-proxy does not know such a Service there, and drops "
        + "what is sent to such addresses of the Service range"
      fix =
        "the Service is gone and the client still has its address (DNS cache, configuration), or "
        + "kube-proxy on \(node) is behind: see its log"
    case "Reject traffic to invalid ports of ClusterIPs":
      why =
        "the Service at \(target.address) has no port \(target.port)/"
        + "\("\(given.flow.proto)".lowercased()), and kube-proxy rejects what is sent to "
        + "another of its ports"
      fix = "call a port of the Service, or add the port to it"
    default: return nil
    }
    return Explanation(
      cause: "service-not-programmed", layer: .service, certainty: rule.certainty, why: why,
      evidence: [
        "\(given.count(way)) dropped in \(given.placeText(hop)) by kube-proxy's rule "
          + "\"\(rule.comment ?? "")\"",
        "its rules name \(known.count) Service addresses, this is "
          + (known.contains(target.address) ? "one of them" : "none of them"),
      ],
      check: [
        "kubectl get services -A -o wide | grep \(target.address)",
        given.run("nft list map \(rule.table) service-ips | grep \(target.address)", in: netns),
      ],
      fix: fix, rule: rule)
  }

  /// A firewall rule of this node; a NetworkPolicy only if the rule itself says so.
  static let policyDrop = Cause("policy-drop") { given in
    given.filtered("policy-drop", .policy)
  }

  /// The same for DNS: nothing that goes by name works.
  static let dnsBlocked = Cause("dns-blocked") { given in
    guard given.flow.original.destination.port == 53 else { return nil }
    return given.filtered("dns-blocked", .dns)
  }
}

extension Case {
  fileprivate func filtered(_ cause: String, _ layer: Layer) -> Explanation? {
    let given = self
    guard let (way, hop) = given.filterDrop else { return nil }
    let rule = given.node.rule(for: hop)
    let isReply = way.isReply
    var evidence = ["\(given.count(way)) dropped in \(given.placeText(hop))"]
    if given.flow.attempts.contains(hop.event.tuple.destination), !isReply {
      evidence.append(
        "Service and routing worked: DNAT to \(hop.event.tuple.destination) was applied before")
    }
    if given.flow.isSettled, given.flow.attempts.count > 1 {
      evidence.append(
        "a later SYN was given another endpoint (\(given.backend)) and succeeded: to its users the "
          + "Service is slow, not down")
    }
    let policy = rule.flatMap(PolicyEngine.init)
    let what = isReply ? "the answer" : "it"
    let tuple = hop.event.tuple
    return Explanation(
      cause: cause, layer: layer, certainty: rule?.certainty ?? .likely,
      why: rule == nil
        ? "netfilter on \(given.node.namespaceName(hop.event.netns)) drops it; the rule could not "
          + "be found in its ruleset"
        : (policy?.words(what) ?? "a firewall rule of this node drops \(what)")
          + (rule?.isPolicy == true ? " (no rule accepted it, the chain's policy is DROP)" : ""),
      evidence: evidence,
      check: rule.map {
        [given.listCommand($0, hop.event, ipv6: !tuple.source.address.isIPv4)]
      } ?? ["nft list ruleset", "iptables-save -c"],
      fix: "allow \(tuple.proto) from \(tuple.source.address) to \(tuple.destination)"
        + (policy.map { $0.isDefaultDeny ? " in a NetworkPolicy" : " in the NetworkPolicy" }
          ?? " before that rule"),
      rule: rule)
  }
}

extension String {
  /// What is before the suffix; `nil` if it does not end so.
  fileprivate func removing(suffix: String) -> String? {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
  }
}
