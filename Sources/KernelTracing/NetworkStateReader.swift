internal import CLibbpf
public import FlowModel
internal import Glibc

extension NetworkNamespace {
  /// Devices, neighbours, forwarding entries and the main table's routes, read now over rtnetlink.
  public func networkState() throws(TracingError) -> NetworkState {
    try inside { () throws(TracingError) in
      NetworkState(
        devices: try Self.readDevices(), neighbours: try Self.readNeighbours(),
        forwarding: try Self.readForwarding(), routes: try Self.readRoutes())
    }
  }

  /// A sysctl's value by its path below /proc/sys, as in `net/ipv4/ip_forward`; `nil` if there is
  /// none. /proc/sys/net shows the namespace of the thread that opens it.
  public func setting(_ path: String) -> String? {
    try? inside { () throws(TracingError) in
      let text = try String(reading: "/proc/sys/\(path)")
      return String(text.prefix { $0 != "\n" })
    }
  }

  /// A counter of /proc/net/netstat, /proc/net/snmp or snmp6, as in `TcpExt`, `ListenOverflows`.
  public func statistic(_ group: String, _ name: String) -> UInt64? {
    if group.hasSuffix("6") { return ipv6Statistic(group + name) }
    // these files show the namespace of the thread whose entry they are opened by
    let text =
      try? inside { () throws(TracingError) in
        try String(reading: "/proc/thread-self/net/netstat")
          + String(reading: "/proc/thread-self/net/snmp")
      }
    guard let text else { return nil }
    // two lines a group: names, then values
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("\(group): ") }
      .map { $0.split(separator: " ") }
    guard lines.count == 2, let column = lines[0].firstIndex(of: name[...]),
      column < lines[1].count
    else { return nil }
    return UInt64(lines[1][column])
  }

  /// A line a counter, its name and its value; `nil` where there is no IPv6.
  private func ipv6Statistic(_ name: String) -> UInt64? {
    let text = try? inside { () throws(TracingError) in
      try String(reading: "/proc/thread-self/net/snmp6")
    }
    let words = text?.split(separator: "\n").lazy.map { $0.split(whereSeparator: \.isWhitespace) }
      .first { $0.first == name[...] }
    return words?.last.flatMap { UInt64($0) }
  }

  private static func readDevices() throws(TracingError) -> [UInt32: NetworkState.Device] {
    var devices: [UInt32: NetworkState.Device] = [:]
    // struct ifinfomsg: family, pad, u16 type, i32 index, u32 flags, u32 change
    for message in try NetlinkMessage.dump(Int(RTM_GETLINK), headerSize: 16) {
      let index = message.header(4, as: UInt32.self)
      let flags = message.header(8, as: UInt32.self)
      let info = message.nested(Int(IFLA_LINKINFO))
      var device = NetworkState.Device(
        index: index, name: message.text(Int(IFLA_IFNAME)) ?? "if\(index)",
        kind: info?.text(Int(IFLA_INFO_KIND)) ?? "", mtu: message.number(Int(IFLA_MTU)) ?? 0,
        isUp: flags & 1 != 0, hasCarrier: flags & 0x10000 != 0,
        controller: message.number(Int(IFLA_MASTER)) ?? 0)
      device.qdisc = message.text(Int(IFLA_QDISC)) ?? ""
      if info?.text(Int(IFLA_INFO_SLAVE_KIND)) == "bridge" {
        let port = info?.nested(Int(IFLA_INFO_SLAVE_DATA))
        device.isHairpin = port?[Int(IFLA_BRPORT_MODE)]?.first == 1
      }
      if device.kind == "vxlan", let data = info?.nested(Int(IFLA_INFO_DATA)),
        let vni = data.number(Int(IFLA_VXLAN_ID)), let port = data.port(Int(IFLA_VXLAN_PORT))
      {
        let isOverIPv6 =
          data[Int(IFLA_VXLAN_LOCAL6)] != nil || data[Int(IFLA_VXLAN_GROUP6)] != nil
        device.vxlan = NetworkState.VXLAN(vni: vni, port: port, isOverIPv6: isOverIPv6)
      }
      devices[index] = device
    }
    return devices
  }

  /// NUD_* of include/uapi/linux/neighbour.h.
  private static let neighbourStates: [UInt16: String] = [
    0x01: "incomplete", 0x02: "reachable", 0x04: "stale", 0x08: "delay", 0x10: "probe",
    0x20: "failed", 0x40: "noarp", 0x80: "permanent",
  ]

  private static func readNeighbours() throws(TracingError) -> [NetworkState.Neighbour] {
    // struct ndmsg: family, pad, u16 pad, i32 index, u16 state, flags, type
    try NetlinkMessage.dump(Int(RTM_GETNEIGH), headerSize: 12).compactMap {
      (message) -> NetworkState.Neighbour? in
      guard let address = message.address(Int(NDA_DST)) else { return nil }
      return NetworkState.Neighbour(
        address: address, device: message.header(4, as: UInt32.self),
        hardware: message.hardware(Int(NDA_LLADDR)),
        state: neighbourStates[message.header(8, as: UInt16.self)] ?? "none")
    }
  }

  private static func readForwarding() throws(TracingError) -> [NetworkState.Forwarding] {
    try NetlinkMessage.dump(Int(RTM_GETNEIGH), family: AF_BRIDGE, headerSize: 12).compactMap {
      guard let hardware = $0.hardware(Int(NDA_LLADDR)) else { return nil }
      return NetworkState.Forwarding(
        hardware: hardware, device: $0.header(4, as: UInt32.self),
        remote: $0.address(Int(NDA_DST)))
    }
  }

  /// RTN_* of include/uapi/linux/rtnetlink.h, those a packet can end in.
  private static let routeKinds: [UInt8: String] = [
    1: "unicast", 6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw",
  ]

  private static func readRoutes() throws(TracingError) -> [NetworkState.Route] {
    // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, u32 flags
    try NetlinkMessage.dump(Int(RTM_GETROUTE), headerSize: 12).compactMap {
      (message) -> NetworkState.Route? in
      guard message.header(4, as: UInt8.self) == 254,  // RT_TABLE_MAIN
        let kind = routeKinds[message.header(7, as: UInt8.self)]
      else { return nil }
      let isIPv4 = message.header(0, as: UInt8.self) == UInt8(AF_INET)
      return NetworkState.Route(
        network: message.address(Int(RTA_DST.rawValue)) ?? (isIPv4 ? Address(v4: 0) : .any),
        length: message.header(1, as: UInt8.self),
        gateway: message.address(Int(RTA_GATEWAY.rawValue)),
        device: message.number(Int(RTA_OIF.rawValue)) ?? 0, kind: kind)
    }
  }
}
