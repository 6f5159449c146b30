public import FlowModel

/// An address and port: `{"address":"10.96.0.50","port":80}`, port 0 where there is none.
public struct Peer: Hashable, Sendable, Decodable {
  public var endpoint: Endpoint

  public init(_ endpoint: Endpoint) { self.endpoint = endpoint }

  private enum Key: String, CodingKey {
    case address, port
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let text = try container.decode(String.self, forKey: .address)
    guard let address = Address(text) else {
      throw DecodingError.dataCorruptedError(
        forKey: .address, in: container, debugDescription: "no IP address")
    }
    endpoint = Endpoint(address, try container.decode(UInt16.self, forKey: .port))
  }
}

extension Peer: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.key("address")
      $0.value(endpoint.address)
      $0.member("port", endpoint.port)
    }
  }
}

extension Peer: CustomStringConvertible {
  public var description: String { "\(endpoint)" }
}

/// One direction.
public struct Pair: Hashable, Sendable, Decodable {
  public var source: Peer
  public var destination: Peer

  public init(_ tuple: Tuple) {
    source = Peer(tuple.source)
    destination = Peer(tuple.destination)
  }
}

extension Pair: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("source", source)
      $0.member("destination", destination)
    }
  }
}

extension Pair: CustomStringConvertible {
  public var description: String { "\(source) → \(destination)" }
}
