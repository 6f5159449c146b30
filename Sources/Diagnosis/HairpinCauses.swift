internal import FlowModel

extension Cause {
  /// A pod that reaches itself through its Service.
  static let hairpin = Cause("hairpin") { given in
    guard let translated = given.flow.translated,
      translated.source.address == translated.destination.address, !given.flow.isSettled
    else { return nil }
    let pod = translated.destination.address
    if let drop = given.drops.first(where: \.isByBridge) { return onBridge(given, drop, pod) }
    var evidence = [
      "DNAT sent \(given.flow.original.source.address)'s own connection to \(pod), and its source "
        + "is still \(pod)"
    ]
    let rule = given.masqueradeRule(pod)
    let drop = given.drops.first
    if let drop {
      evidence.append(
        "\(given.count(drop.way)) dropped in \(given.name(drop.event.netns)): \(drop.reason) in "
          + "\(drop.place ?? "?")")
    }
    return Explanation(
      cause: "hairpin", layer: .service, certainty: drop == nil ? .likely : .certain,
      why:
        "\(pod) calls \(given.serviceText) and was given itself as endpoint; without masquerading "
        + "its own address comes in from outside and is refused",
      evidence: evidence,
      check: [
        given.run(
          "\(given.listServices(in: given.natNamespace)) | grep -e '\(rule.match)'",
          in: given.natNamespace),
        "kubectl get configmap -n kube-system kube-proxy -o yaml | grep -i masquerade",
      ],
      fix:
        "kube-proxy marks such connections for masquerading (\(rule.text)): that rule is missing "
        + "or something before it accepts the packet")
  }

  /// NAT was done while bridging, and a bridge sends nothing back by the port it came in by unless
  /// told to: should_deliver in net/bridge/br_forward.c.
  private static func onBridge(_ given: Case, _ drop: Drop, _ pod: Address) -> Explanation? {
    let event = drop.event
    let node = given.name(event.netns)
    let port = given.node.interfaceName(event.interface, in: event.netns)
    let devices = given.node.network(of: event.netns)?.devices
    let state = devices?[event.interface]
    // as it is now; a port that may send it back did not lose it for that
    guard state?.isHairpin != true else { return nil }
    let bridge = state.flatMap { devices?[$0.controller]?.name } ?? "the bridge"
    var evidence = [
      "DNAT on the way into \(bridge) made \(pod) the destination, which is behind \(port), where "
        + "it came from",
      "\(given.count(drop.way)) dropped in \(node) on \(port): \(drop.reason) in "
        + "\(drop.place ?? "?"), before masquerading",
    ]
    if state?.isHairpin == false { evidence.append("hairpin_mode of \(port) is off now") }
    return Explanation(
      cause: "hairpin", layer: .service,
      certainty: state?.isHairpin == false ? .certain : .inferred,
      why: "\(pod) calls \(given.serviceText) and was given itself as endpoint, and \(bridge) of "
        + "\(node) refused to send it out of the port it came in by, \(port)",
      evidence: evidence,
      check: [
        given.run("bridge -d link show dev \(port.shellWord)", in: event.netns) + "   (hairpin off)"
      ],
      fix: given.run("bridge link set dev \(port.shellWord) hairpin on", in: event.netns)
        + "; for all pods: hairpinMode: true in the bridge CNI plugin's configuration")
  }
}

extension Drop {
  /// br_forward frees it without a reason; where it is inlined, in its callers' name.
  fileprivate var isByBridge: Bool {
    isFor(in: "br_forward", "__br_forward", "br_handle_frame_finish")
  }
}

extension Case {
  /// A command that prints the rules of Services of a namespace.
  func listServices(in netns: UInt32) -> String {
    guard node.isKubeProxyNFTables(in: netns) else {
      return flow.original.source.address.isIPv4
        ? "iptables-save -t nat" : "ip6tables-save -t nat"
    }
    return "nft list table \(flow.original.source.address.isIPv4 ? "ip" : "ip6") kube-proxy"
  }

  /// kube-proxy's rule for a pod that calls itself.
  fileprivate func masqueradeRule(_ pod: Address) -> (match: String, text: String) {
    guard node.isKubeProxyNFTables(in: natNamespace) else {
      let source = "-s \(pod)/\(pod.bits)"
      return (source, "KUBE-SEP-…: \(source) -j KUBE-MARK-MASQ")
    }
    let source = "\(pod.isIPv4 ? "ip" : "ip6") saddr \(pod) "
    return (source, "endpoint-…: \(source)jump mark-for-masquerade")
  }
}
