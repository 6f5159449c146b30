extension ReasonWords {
  /// The last step on a link.
  static let neighbour: [ReasonWords] = [
    .init(
      "NEIGH_CREATEFAIL", .podNetwork, .fault,
      "No neighbour entry could be made for its next hop.",
      "the neighbour table is full: many pods or nodes on one link",
      check: ["sysctl -a -r 'neigh.default.gc_thresh'", "ip neigh | wc -l"],
      fix: "raise net.ipv4.neigh.default.gc_thresh1, 2 and 3 (net.ipv6 too)",
      causes: ["neighbour-failed"]),
    .init(
      "NEIGH_FAILED", .podNetwork, .fault, "Nobody answered for its next hop's address.",
      "the pod or node is gone, its veth is down, or a tunnel device has no entry for it",
      check: ["ip neigh show ADDRESS", "bridge fdb show dev DEVICE"],
      fix: "remove the endpoint that is gone, or have the CNI set its device up again",
      causes: ["neighbour-failed", "device-down", "no-tunnel-peer"]),
    .init(
      "NEIGH_QUEUEFULL", .podNetwork, .fault, "Too many packets wait for its next hop to answer.",
      "the next hop does not answer, and the sender is fast",
      check: ["ip neigh show ADDRESS", "sysctl net.ipv4.neigh.DEVICE.unres_qlen_bytes"],
      fix: "as for NEIGH_FAILED; a longer queue only helps while it is slow",
      causes: ["neighbour-failed", "device-down", "no-tunnel-peer"]),
    .init(
      "NEIGH_DEAD", .podNetwork, .fault, "Its next hop's entry was just removed.",
      "the device or address went away while the packet waited",
      check: ["ip neigh show ADDRESS", "ip monitor link neigh"],
      fix: "none after a pod's end; else see who takes the device away",
      causes: ["neighbour-failed"]),
    .init(
      "NEIGH_HH_FILLFAIL", .podNetwork, .fault, "Its link header could not be written.",
      "a device that takes no such header, or an address that changed at that moment",
      check: ["ip -d link show DEVICE", "ip neigh show ADDRESS"],
      fix: "see to the device's driver, or take the entry away: ip neigh del"),
  ]
}
