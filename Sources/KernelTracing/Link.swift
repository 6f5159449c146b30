internal import CLibbpf
internal import Glibc

/// A program's attachment that goes when its owner goes.
@safe final class Link {
  private let descriptor: OwnedDescriptor?
  private let link: OpaquePointer?

  /// A link made by the system call.
  init(_ descriptor: OwnedDescriptor) {
    self.descriptor = descriptor
    unsafe link = nil
  }

  /// A link made by libbpf.
  init(_ link: OpaquePointer) {
    descriptor = nil
    unsafe self.link = unsafe link
  }

  deinit {
    if let link = unsafe link { unsafe bpf_link__destroy(link) }
  }
}

extension Link {
  /// Some links for one thread to let go of.
  private final class Share {
    var links: [Link] = []
  }

  /// Lets all of them go, those that nobody else holds, side by side: for each the kernel waits a few
  /// times until no processor can be running its program any more, and such waits overlap.
  static func letGo(_ links: consuming [Link]) {
    let width = min(links.count, 16)
    let shares = (0..<width).map { _ in Share() }
    while let link = links.popLast() { shares[links.count % width].links.append(link) }
    let threads = shares.map { share -> pthread_t? in
      var thread = pthread_t()
      let context = unsafe Unmanaged.passRetained(share)
      let error = unsafe pthread_create(
        &thread, nil,
        { context in
          guard let context = unsafe context else { return nil }
          unsafe Unmanaged<Share>.fromOpaque(context).takeRetainedValue().links.removeAll()
          return nil
        }, context.toOpaque())
      // without a thread they go with the share
      if error != 0 { unsafe context.release() }
      return error == 0 ? thread : nil
    }
    for case let thread? in threads { pthread_join(thread, nil) }
  }
}
