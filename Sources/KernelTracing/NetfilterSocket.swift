internal import CLibbpf
internal import Glibc

/// Talks to nfnetlink in the namespace it was opened in.
struct NetfilterSocket {
  /// Its number among the namespace's sockets of netfilter, which no other has while it is open.
  let port: UInt32
  private let descriptor: OwnedDescriptor

  /// What came of a receive.
  enum Received {
    case messages([[UInt8]])
    /// Nothing is there now.
    case nothing
    /// The buffer was full and messages are lost.
    case overrun
  }

  /// Opens it in the namespace the thread is in. `group`: of nfnetlink's multicast groups.
  init(group: Int = 0) throws(TracingError) {
    var port: UInt32 = 0
    let result = unsafe kft_netfilter_socket(Int32(group), &port)
    switch -result {
    case EPROTONOSUPPORT, ENOENT, EINVAL:
      throw TracingError(.kernel, "this kernel has no nf_tables, whose rules could be traced")
    default:
      descriptor = try OwnedDescriptor(result, orThrow: "cannot open a netfilter socket")
    }
    self.port = port
  }

  /// Sends one datagram of messages.
  func send(_ bytes: [UInt8]) throws(TracingError) {
    let sent = unsafe bytes.withUnsafeBytes { raw in
      unsafe Glibc.send(descriptor.raw, raw.baseAddress, raw.count, 0)
    }
    guard sent == bytes.count else { throw .errno("cannot ask nf_tables", Glibc.errno) }
  }

  /// The next datagram's messages, each from its header on.
  func receive() throws(TracingError) -> Received {
    var count = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, filled in
      count = unsafe recv(descriptor.raw, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      filled = max(count, 0)
    }
    if count >= 0 { return .messages(NetfilterMessage.split(bytes)) }
    switch Glibc.errno {
    case EAGAIN, EINTR: return .nothing
    case ENOBUFS: return .overrun
    default: throw .errno("cannot hear nf_tables", Glibc.errno)
    }
  }
}

/// Where one message ends and the next begins.
package enum NetfilterMessage {
  /// `struct nlmsghdr`: u32 length with itself, u16 type, u16 flags, u32 sequence, u32 port.
  static let headerSize = 16

  /// The messages of a datagram; what is behind one whose length can't be is left out.
  package static func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var at = 0
    while at + headerSize <= bytes.count {
      let length = Int(bytes.number(at, as: UInt32.self))
      guard length >= headerSize, at + length <= bytes.count else { break }
      messages.append(Array(bytes[at..<at + length]))
      at += (length + 3) & ~3
    }
    return messages
  }

  static func type(_ message: [UInt8]) -> UInt16 { message.number(4, as: UInt16.self) }

  /// The errno (positive, 0 for success) of an answer to the message of that sequence number; `nil`
  /// if it is none.
  package static func answer(_ message: [UInt8]) -> (sequence: UInt32, error: Int32)? {
    guard type(message) == UInt16(NLMSG_ERROR) else { return nil }
    return (
      message.number(8, as: UInt32.self), -message.number(headerSize, as: Int32.self)
    )
  }
}
