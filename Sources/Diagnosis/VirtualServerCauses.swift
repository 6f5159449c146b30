internal import FlowModel

extension Case {
  /// IPVS refused it: its virtual server has no real server to choose (ip_vs_leave answers with an
  /// ICMP port-unreachable and has netfilter drop the packet).
  var refusedByIPVS: Explanation? {
    guard let service, let server = service.virtualServer, service.endpointCount == 0,
      let (way, hop) = filterDrop, !way.isReply,
      hop.event.tuple.destination == flow.original.destination,
      [.input, .output, nil].contains(hop.netfilterHook)
    else { return nil }
    // a rule that was seen to count it was before IPVS
    let rule = node.rule(for: hop)
    guard rule?.certainty != .certain else { return nil }
    let scheduler = service.scheduler ?? "none"
    let target = flow.original.destination
    var evidence = [
      "\(count(way)) refused in \(placeText(hop)) by IPVS: its scheduler \(scheduler) has no real "
        + "server of \(server) to choose",
      "no NAT was applied: there is no real server to translate to",
    ]
    let wasTold = !(icmpErrors(type: 3, code: 3) + icmpErrors(type: 1, code: 4)).isEmpty
    if wasTold { evidence.append("the client was told by an ICMP port-unreachable") }
    let option = flow.proto == .udp ? "-u" : flow.proto == .tcp ? "-t" : "--sctp-service"
    return Explanation(
      cause: "no-endpoints", layer: .service,
      certainty: rule == nil || wasTold ? .certain : .likely,
      why: "\(service.fullName) has no real server: the Service has no endpoints, no ready pod "
        + "matches its selector",
      evidence: evidence,
      check: [
        run("ipvsadm -Ln \(option) \(target)", in: hop.event.netns),
        "kubectl get services -A | grep -w \(target.address)   (its name)",
        "kubectl get endpointslices -A",
      ],
      fix: "make a pod that matches the Service's selector Ready (selector, readiness probe, "
        + "replicas); at a node's own address or a load balancer's, with externalTrafficPolicy "
        + "Local: on this node")
  }
}
