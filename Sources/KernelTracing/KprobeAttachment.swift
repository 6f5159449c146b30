internal import CLibbpf
internal import Glibc

/// The kprobes: those whose function the kernel has now, and those still awaited.
struct KprobeAttachment {
  private var links: [Link] = []
  /// Functions with a probe.
  private(set) var probed: Set<String> = []
  /// Functions without a probe: absent, or in a module that is not loaded (yet).
  private(set) var missing: [String: BPFObject.Program] = [:]
  private var modules = ""

  /// Attaches what can be.
  init(_ programs: [BPFObject.Program]) throws(TracingError) {
    for program in programs {
      missing[String(program.section.dropFirst("kprobe/".count))] = program
    }
    try attachMissing()
  }

  /// Gives the links away, which are all that holds the probes.
  mutating func takeLinks() -> [Link] {
    defer { links = [] }
    return links
  }

  private mutating func attachMissing() throws(TracingError) {
    modules = (try? String(reading: "/proc/modules")) ?? ""
    for (function, program) in missing {
      if let link = unsafe bpf_program__attach_kprobe(program.raw, false, function) {
        unsafe links.append(Link(link))
        missing[function] = nil
        probed.insert(function)
      } else {
        // ENOENT: no such symbol; EINVAL, EOPNOTSUPP: a symbol that can't be probed
        let code = errno
        guard code == ENOENT || code == EINVAL || code == EOPNOTSUPP || code == EADDRNOTAVAIL
        else {
          throw .errno("cannot attach a kprobe to \(function)", code, "try --backend netfilter")
        }
      }
    }
  }

  /// Tries again if modules were loaded since; the functions newly probed.
  mutating func followModules() throws(TracingError) -> [String] {
    guard !missing.isEmpty, let now = try? String(reading: "/proc/modules"), now != modules else {
      return []
    }
    let before = Set(missing.keys)
    try attachMissing()
    return before.subtracting(missing.keys).sorted()
  }
}
