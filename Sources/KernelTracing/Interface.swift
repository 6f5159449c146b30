internal import CLibbpf
public import FlowModel
internal import Glibc

/// A device of one namespace.
public struct Interface: Hashable, Sendable {
  public var index: UInt32
  public var name: String
}

/// What a namespace has of devices and addresses, read when asked.
public struct NamespaceInventory: Sendable {
  public var interfaces: [UInt32: Interface]
  public var addresses: Set<Address>
}

extension NetworkNamespace {
  /// Devices and local addresses, read now.
  public func inventory() throws(TracingError) -> NamespaceInventory {
    try inside { () throws(TracingError) in
      NamespaceInventory(
        interfaces: NetworkNamespace.currentInterfaces(),
        addresses: NetworkNamespace.currentAddresses())
    }
  }

  /// The devices of the namespace the thread is in.
  static func currentInterfaces() -> [UInt32: Interface] {
    guard let list = unsafe if_nameindex() else { return [:] }
    defer { unsafe if_freenameindex(list) }
    var result: [UInt32: Interface] = [:]
    var i = 0
    while unsafe list[i].if_index != 0, let name = unsafe list[i].if_name {
      let index = unsafe list[i].if_index
      result[index] = unsafe Interface(index: index, name: String(cString: name))
      i += 1
    }
    return result
  }

  /// The addresses of the namespace the thread is in.
  static func currentAddresses() -> Set<Address> {
    var head: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&head) == 0 else { return [] }
    defer { unsafe freeifaddrs(head) }
    var result: Set<Address> = []
    var next = unsafe head
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      guard let address = unsafe entry.pointee.ifa_addr else { continue }
      switch Int32(unsafe address.pointee.sa_family) {
      case AF_INET:
        let v4 = unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          unsafe $0.pointee.sin_addr.s_addr
        }
        result.insert(Address(v4: UInt32(bigEndian: v4)))
      case AF_INET6:
        let v6 = unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          unsafe $0.pointee.sin6_addr
        }
        let bytes = unsafe withUnsafeBytes(of: v6) { unsafe Array($0) }
        if let parsed = Address(bytes: bytes) { result.insert(parsed) }
      default: break
      }
    }
    return result
  }
}
