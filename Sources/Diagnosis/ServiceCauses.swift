internal import FlowModel

/// What the Service's own layer did not do.
extension Cause {
  /// An address of the Service range that no rule translates.
  static let serviceNotProgrammed = Cause("service-not-programmed") { given in
    let target = given.flow.original.destination
    guard given.flow.translated?.destination ?? target == target, !given.flow.isSettled,
      let way = given.flow.transmissions.first(where: { !$0.isReply && !$0.isICMPError })
    else { return nil }
    // where NAT could have been: a namespace with kube-proxy's rules, else the last one
    let stages = way.hops.filter { $0.event.hook == .nfDNATDone || $0.event.hook == .conntrackIn }
    let rules = stages.map { given.node.programmedAddresses(in: $0.event.netns) }
    guard let at = rules.firstIndex(where: { !$0.isEmpty }) ?? stages.indices.last else {
      return nil
    }
    let known = rules[at]
    // a Service range is seldom larger than a /16
    let alike = known.filter { $0.isIn(target.address, prefix: target.address.isIPv4 ? 16 : 112) }
    guard !known.contains(target.address),
      given.node.isWantedService(target.address) || alike.count > 1
    else { return nil }
    let netns = stages[at].event.netns
    let node = given.name(netns)
    let last = way.hops.last { $0.action == .sent && !$0.isDetail } ?? stages[at]
    return Explanation(
      cause: "service-not-programmed", layer: .service,
      certainty: alike.count > 1 ? .certain : .likely,
      why: "\(node) has no rule for \(target): kube-proxy does not know such a Service there, so "
        + "the address was not translated",
      evidence: [
        "\(given.count(way)) passed NAT in \(node) and still went to \(target)",
        known.isEmpty
          ? "it has no rules of kube-proxy at all"
          : "its rules name \(known.count) Service addresses, this is none of them",
        "last seen in \(given.name(last.event.netns)) on \(given.device(last.event)): a Service "
          + "address leads nowhere without its NAT",
      ],
      check: [
        "kubectl get services -A -o wide | grep \(target.address)",
        given.run("\(given.listServices(in: netns)) | grep \(target.address)", in: netns),
      ],
      fix:
        "the Service is gone and the client still has its address (DNS cache, configuration), or "
        + "kube-proxy on \(node) is not running: see its log")
  }

  /// The entry of an old connection still leads to a pod that is gone.
  static let staleConntrack = Cause("stale-conntrack") { given in
    guard let translated = given.flow.translated, let service = given.service,
      !given.flow.isSettled,
      service.endpointCount > 0, given.flow.attempts.count <= 1,
      translated.destination != given.flow.original.destination,
      given.node.endpointIndex(of: translated.destination, for: given.flow) == nil
    else { return nil }
    let original = given.flow.original
    let proto = "\(original.proto)".lowercased()
    return Explanation(
      cause: "stale-conntrack", layer: .service, certainty: .certain,
      why:
        "a conntrack entry from before still sends \(original.source) to \(translated.destination), "
        + "which is no endpoint of \(given.serviceText) any more",
      evidence: [
        "entry: \(original) translated to \(translated.destination)",
        "\(given.serviceText) has \(service.endpointCount) endpoint"
          + "\(service.endpointCount == 1 ? "" : "s") in this node's rules, this is none of them",
        "every packet from port \(original.source.port) renews the entry: it does not time out "
          + "while the client goes on",
      ],
      check: [
        given.run(
          "conntrack -L -p \(proto) --orig-dst \(original.destination.address)",
          in: given.natNamespace)
      ],
      fix: given.run(
        "conntrack -D -p \(proto) --orig-src \(original.source.address) --orig-dst "
          + "\(original.destination.address) --reply-src \(translated.destination.address)",
        in: given.natNamespace))
  }
}

extension Case {
  /// Where the Service's NAT was applied, else where the flow began.
  var natNamespace: UInt32 {
    for way in flow.transmissions {
      for hop in way.hops {
        if case .destinationNAT = hop.action { return hop.event.netns }
      }
    }
    return flow.netns
  }
}
