/// The first line of a recording: where and when it was made, and how to read its times.
public struct HeaderRecord: Hashable, Sendable, Decodable {
  /// One instant on both clocks, ns.
  public struct Clock: Hashable, Sendable, Decodable {
    /// CLOCK_BOOTTIME, which all times of the recording are of.
    public var boottime: UInt64
    /// CLOCK_REALTIME, since 1970.
    public var realtime: UInt64

    public init(boottime: UInt64, realtime: UInt64) {
      self.boottime = boottime
      self.realtime = realtime
    }
  }

  /// A Service's port as kube-proxy had programmed it.
  public struct ServiceRecord: Hashable, Sendable, Decodable {
    /// `default/web`.
    public var service: String
    public var port: String?
    public var transport: String
    /// Where it is called.
    public var frontends: [Peer]
    public var nodePort: UInt16?
    public var endpoints: [Peer]

    public init(
      service: String, port: String?, transport: String, frontends: [Peer], nodePort: UInt16?,
      endpoints: [Peer]
    ) {
      self.service = service
      self.port = port
      self.transport = transport
      self.frontends = frontends
      self.nodePort = nodePort
      self.endpoints = endpoints
    }
  }

  /// Of kflowtrace.
  public var version: String
  /// The node's host name.
  public var node: String
  /// `uname -r`.
  public var kernel: String
  public var backend: String
  /// Those traced.
  public var namespaces: [String]
  /// What was selected, for people.
  public var selection: String
  public var clock: Clock
  public var services: [ServiceRecord]

  public init(
    version: String, node: String, kernel: String, backend: String, namespaces: [String],
    selection: String, clock: Clock, services: [ServiceRecord]
  ) {
    self.version = version
    self.node = node
    self.kernel = kernel
    self.backend = backend
    self.namespaces = namespaces
    self.selection = selection
    self.clock = clock
    self.services = services
  }
}

extension HeaderRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("schema", Schema.name)
      $0.member("type", "header")
      $0.member("version", version)
      $0.member("node", node)
      $0.member("kernel", kernel)
      $0.member("backend", backend)
      $0.member("namespaces", namespaces)
      $0.member("selection", selection)
      $0.member("clock", clock)
      $0.member("services", services)
    }
  }
}

extension HeaderRecord.Clock: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("boottime", boottime)
      $0.member("realtime", realtime)
    }
  }
}

extension HeaderRecord.ServiceRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("service", service)
      $0.member("port", port)
      $0.member("transport", transport)
      $0.member("frontends", frontends)
      $0.member("nodePort", nodePort)
      $0.member("endpoints", endpoints)
    }
  }
}
