/// How a namespace's network is set up: read when a failure is to be explained, never polled.
public struct NetworkState: Hashable, Sendable {
  /// A network device.
  public struct Device: Hashable, Sendable {
    public var index: UInt32
    public var name: String
    /// `vxlan`, `bridge`, `veth`, …; empty for hardware.
    public var kind: String
    /// Bytes.
    public var mtu: UInt32
    /// Set up by its administrator (IFF_UP).
    public var isUp: Bool
    /// Can carry packets: up, and so is its other end (IFF_LOWER_UP).
    public var hasCarrier: Bool
    /// Index of the bridge or bond it is a port of; 0 if none.
    public var controller: UInt32
    /// The kind of its root qdisc, as in `fq_codel`.
    public var qdisc = ""
    /// Of a bridge port: whether packets may leave by it that came in by it; `nil` if it is none.
    public var isHairpin: Bool?
    /// Of a VXLAN device: its VNI and UDP port.
    public var vxlan: VXLAN?

    public init(
      index: UInt32, name: String, kind: String = "", mtu: UInt32 = 1500, isUp: Bool = true,
      hasCarrier: Bool = true, controller: UInt32 = 0, vxlan: VXLAN? = nil, isHairpin: Bool? = nil
    ) {
      self.index = index
      self.name = name
      self.kind = kind
      self.mtu = mtu
      self.isUp = isUp
      self.hasCarrier = hasCarrier
      self.controller = controller
      self.vxlan = vxlan
      self.isHairpin = isHairpin
    }
  }

  public struct VXLAN: Hashable, Sendable {
    public var vni: UInt32
    public var port: UInt16
    /// Whether its outer packets are IPv6.
    public var isOverIPv6: Bool

    public init(vni: UInt32, port: UInt16, isOverIPv6: Bool = false) {
      self.vni = vni
      self.port = port
      self.isOverIPv6 = isOverIPv6
    }
  }

  /// An entry of the ARP or neighbour table.
  public struct Neighbour: Hashable, Sendable {
    public var address: Address
    /// Index of the device.
    public var device: UInt32
    /// Link-layer address, as in `0a:58:0a:f4:02:00`; `nil` if it is not known.
    public var hardware: String?
    /// `reachable`, `stale`, `failed`, `incomplete`, `permanent`, …
    public var state: String

    public init(address: Address, device: UInt32, hardware: String?, state: String) {
      self.address = address
      self.device = device
      self.hardware = hardware
      self.state = state
    }
  }

  /// An entry of a bridge's or VXLAN device's forwarding database.
  public struct Forwarding: Hashable, Sendable {
    public var hardware: String
    /// Index of the bridge port or VXLAN device.
    public var device: UInt32
    /// VXLAN: the VTEP that has it.
    public var remote: Address?

    public init(hardware: String, device: UInt32, remote: Address?) {
      self.hardware = hardware
      self.device = device
      self.remote = remote
    }
  }

  /// A route of the main table.
  public struct Route: Hashable, Sendable {
    public var network: Address
    /// Bits of the prefix.
    public var length: UInt8
    public var gateway: Address?
    /// Index of the device; 0 for those that lead nowhere.
    public var device: UInt32
    /// `unicast`, `blackhole`, `unreachable`, `prohibit`, …
    public var kind: String

    public init(
      network: Address, length: UInt8, gateway: Address?, device: UInt32, kind: String = "unicast"
    ) {
      self.network = network
      self.length = length
      self.gateway = gateway
      self.device = device
      self.kind = kind
    }

    /// Whether the route is for this address.
    public func covers(_ address: Address) -> Bool {
      address.isIn(network, prefix: Int(length))
    }
  }

  /// By index.
  public var devices: [UInt32: Device]
  public var neighbours: [Neighbour]
  public var forwarding: [Forwarding]
  public var routes: [Route]

  public init(
    devices: [UInt32: Device] = [:], neighbours: [Neighbour] = [], forwarding: [Forwarding] = [],
    routes: [Route] = []
  ) {
    self.devices = devices
    self.neighbours = neighbours
    self.forwarding = forwarding
    self.routes = routes
  }

  /// The route the main table has for an address: the longest prefix.
  public func route(to address: Address) -> Route? {
    routes.filter { $0.covers(address) }.max { $0.length < $1.length }
  }

  /// The neighbour entry of an address on a device.
  public func neighbour(_ address: Address, on device: UInt32) -> Neighbour? {
    neighbours.first { $0.address == address && $0.device == device }
  }
}
