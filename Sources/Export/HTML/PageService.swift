internal import Diagnosis

/// A Service's port, or a virtual server of IPVS, as connections meet it.
struct PageService: Hashable {
  /// `default/web`.
  var name: String?
  var port: String?
  /// With its scheduler.
  var virtualServer: String?

  init(_ service: ServiceName) {
    name = service.knownName
    port = service.port
    virtualServer = service.virtualServer.map { "\($0) \(service.scheduler ?? "")" }
  }
}
