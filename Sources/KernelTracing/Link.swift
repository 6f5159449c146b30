internal import CLibbpf

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
