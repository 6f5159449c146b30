internal import CEvent
internal import CLibbpf
internal import FoundationEssentials
internal import Glibc
internal import Privileges

/// A BPF object of bpf/, opened from the executable itself.
@safe struct BPFObject: ~Copyable {
  private let object: OpaquePointer

  /// Opens; nothing is in the kernel yet. `direct`: the one that reads kernel memory by plain loads,
  /// for kernels with bpf_rdonly_cast (Linux 6.2 and later).
  init(direct: Bool) throws(TracingError) {
    kft_log_reset()
    let bytes =
      Data(base64Encoded: "\(direct ? bpfDirectObjectBase64 : bpfProbingObjectBase64)") ?? Data()
    let opened = unsafe bytes.withUnsafeBytes {
      unsafe bpf_object__open_mem($0.baseAddress, $0.count, nil)
    }
    guard let opened = unsafe opened else {
      throw .errno("cannot open the BPF object", Glibc.errno, "the build is broken")
    }
    unsafe object = opened
  }

  deinit { unsafe bpf_object__close(object) }

  /// One program of the object.
  @safe struct Program {
    fileprivate let pointer: OpaquePointer
    let name: String
    /// As in `SEC("kprobe/ip_rcv")`.
    let section: String
    /// The loaded program's descriptor, negative if it was not loaded. Owned by the object.
    var descriptor: Int32 { unsafe bpf_program__fd(pointer) }
    /// For libbpf's attach functions.
    var raw: OpaquePointer { unsafe pointer }
  }

  func programs() -> [Program] {
    var result: [Program] = []
    var next = unsafe bpf_object__next_program(object, nil)
    while let program = unsafe next {
      unsafe result.append(
        Program(
          pointer: program, name: String(cString: bpf_program__name(program)),
          section: String(cString: bpf_program__section_name(program))))
      unsafe next = bpf_object__next_program(object, program)
    }
    return result
  }

  private static var whyForbidden: String {
    Privilege.permitted.contains(.sysAdmin)
      ? "kernel lockdown or an LSM may forbid BPF"
      : "it takes CAP_SYS_ADMIN, without which the types of kernel modules can't be read"
  }

  /// Writes the configuration, decides which programs to load, loads.
  func load(
    configuration: kft_config, ringBytes: UInt32, wanting isWanted: (Program) -> Bool
  ) throws(TracingError) {
    for program in programs() {
      if program.section == "kft_netfilter" {
        let type = bpf_prog_type(rawValue: UInt32(KFT_PROG_TYPE_NETFILTER))
        unsafe bpf_program__set_type(program.raw, type)
        unsafe bpf_program__set_expected_attach_type(
          program.raw, bpf_attach_type(rawValue: UInt32(KFT_ATTACH_NETFILTER)))
      }
      unsafe bpf_program__set_autoload(program.raw, isWanted(program))
    }
    unsafe bpf_map__set_max_entries(try map("kft_events"), ringBytes)
    let (address, size) = unsafe try memory(of: ".rodata.config")
    precondition(size >= MemoryLayout<kft_config>.size)
    unsafe address.storeBytes(of: configuration, as: kft_config.self)
    kft_log_reset()
    let error = unsafe bpf_object__load(object)
    guard error == 0 else {
      let log = unsafe String(cString: kft_log())
      var thrown = TracingError.errno(
        "the kernel refused the BPF programs", -error,
        error == -EPERM ? Self.whyForbidden : "--verbose shows its log")
      thrown.details = log
      if error != -EPERM && error != -EACCES { thrown.kind = .kernel }
      throw thrown
    }
  }

  /// A map by its name in the source.
  func map(_ name: String) throws(TracingError) -> OpaquePointer {
    guard let found = unsafe bpf_object__find_map_by_name(object, name) else {
      throw TracingError(.failure, "the BPF object has no map \(name); the build is broken")
    }
    return unsafe found
  }

  /// The initial value of a data section and its size in bytes; to be changed before loading.
  func memory(of section: String) throws(TracingError) -> (UnsafeMutableRawPointer, Int) {
    var size = 0
    guard
      let address = unsafe UnsafeMutableRawPointer(
        mutating: bpf_map__initial_value(try map(section), &size))
    else {
      throw TracingError(.failure, "the BPF object's \(section) is not mapped; the build is broken")
    }
    return unsafe (address, size)
  }
}
