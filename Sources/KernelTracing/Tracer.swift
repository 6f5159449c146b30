internal import CEvent
internal import CLibbpf
public import FlowModel
internal import Glibc
internal import Privileges

/// How netfilter is watched.
public enum Backend: String, Sendable, CaseIterable {
  case kprobe
  case netfilter
}

/// What to trace and where.
public struct TraceOptions {
  /// `nil`: what the kernel has, kprobes first.
  public var backend: Backend?
  public var matches = MatchSet()
  /// `nil`: every protocol.
  public var proto: IPProtocol?
  /// Namespaces in which devices (and netfilter links) are attached; empty: the current one.
  /// If any is given, kernel-wide hooks are narrowed to them.
  public var namespaces: [NetworkNamespace] = []
  /// Devices to keep to; `nil`: all but loopback.
  public var interfaces: Set<String>?
  /// Only the drop tracepoint: no devices, no netfilter.
  public var dropsOnly = false
  /// Bytes of the ring buffer: a power of two and a multiple of the page size.
  public var ringBytes = 8 << 20
  /// Report the beginning of the payload of packets from and to port 53, too.
  public var dns = false
  /// Removes what a tracer that was killed left on devices, first.
  public var sweepsLeftovers = true
  /// UDP destination ports that carry VXLAN or Geneve, host byte order; 4 at most.
  public var tunnelPorts: [UInt16] = [8472, 4789, 6081]

  public init() {}
}

/// Where events come from: the kernel now, a recording later.
public protocol EventSource {
  /// Waits up to `milliseconds` and hands over what has come, in order.
  func poll(milliseconds: Int32, _ body: (Event) -> Void) throws(TracingError)
  /// Events that were of interest and did not fit into the buffer, so far.
  var eventsLost: UInt64 { get }
}

/// The programs in the kernel. Gone with this object, whatever ends the process.
public final class Tracer: EventSource {
  public let backend: Backend
  /// Whether kernel memory is read by plain loads (Linux 6.6 and later) and not by probes.
  public let readsDirectly: Bool
  /// Functions the kprobe backend could not probe: absent or in a module not loaded yet.
  public var missingFunctions: [String] { kprobes?.missing.keys.sorted() ?? [] }

  // members go in reverse order of need: links before the ring, the ring before the object
  private var tc: [DeviceAttachment] = []
  private var netfilter: [(namespace: NetworkNamespace, links: [Link])] = []
  private var links: [Link] = []
  private var tracepoints: [String] = []
  private var kprobes: KprobeAttachment?
  private let ring: RingBuffer
  private let object: BPFObject
  /// CLOCK_BOOTTIME, ns, when all was attached. Before that packets pass unseen here and there, which
  /// would look lost.
  private var begin: UInt64 = 0

  /// Probes, loads and attaches. Throws with nothing left attached.
  public init(_ options: TraceOptions) throws(TracingError) {
    let raised = Privilege.raise()
    defer { raised.end() }
    let features = KernelFeatures.probe()
    try features.requireTracing()
    // the drop tracepoint needs neither
    backend =
      options.dropsOnly && options.backend == nil
      ? .kprobe : try Self.choose(options.backend, features)
    let pageSize = sysconf(Int32(_SC_PAGESIZE))
    guard options.ringBytes >= pageSize, options.ringBytes & (options.ringBytes - 1) == 0,
      options.ringBytes <= 1 << 30
    else {
      throw TracingError(
        .usage,
        "the ring buffer's size must be a power of two from \(pageSize) to \(1 << 30) bytes, not "
          + "\(options.ringBytes)")
    }
    if options.sweepsLeftovers { ClsactJournal.sweep() }
    let namespaces =
      options.namespaces.isEmpty ? [try NetworkNamespace.current()] : options.namespaces
    let crowded = features.hasTCX ? try Self.crowded(namespaces, options) : []
    let isWanted = { [backend] in
      Self.isWanted($0, backend, options, isCrowded: !crowded.isEmpty)
    }
    // tcx is of 6.6: to see whether there is bpf_rdonly_cast, all types of the kernel had to be read;
    // what one kernel's verifier takes another's may not
    if features.hasTCX, let loaded = try? BPFObject.loaded(options, direct: true, wanting: isWanted)
    {
      object = loaded
      readsDirectly = true
    } else {
      object = try BPFObject.loaded(options, direct: false, wanting: isWanted)
      readsDirectly = false
    }
    try object.install(options.matches)
    ring = try RingBuffer(map: unsafe bpf_map__fd(try object.map("kft_events")))
    try note(Set(options.namespaces.map(\.inode)), in: "kft_netns")
    try note(crowded, in: "kft_crowded")
    try attach(options, to: namespaces) { namespace in
      crowded.contains(namespace.inode) ? .tracepoints : features.hasTCX ? .links : .filters
    }
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    begin = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Devices that get a tcx link each way: in one namespace, and in all. The kernel waits 8 ms or more
  /// for each link, and as long again when it goes, with the lock on all devices held.
  private static let linked = (here: 8, everywhere: 64)

  /// Those whose devices are told by tracepoints, as they are too many to have links.
  private static func crowded(
    _ namespaces: [NetworkNamespace], _ options: TraceOptions
  ) throws(TracingError) -> Set<UInt32> {
    if options.dropsOnly || options.interfaces != nil { return [] }
    var found: Set<UInt32> = []
    var sum = 0
    for namespace in namespaces {
      // one of them is loopback
      let count = try namespace.inside { NetworkNamespace.currentInterfaces().count - 1 }
      if count > linked.here { found.insert(namespace.inode) } else { sum += count }
    }
    return sum > linked.everywhere ? Set(namespaces.map(\.inode)) : found
  }

  /// Puts namespaces into a map of them.
  private func note(_ inodes: Set<UInt32>, in map: String) throws(TracingError) {
    let map = unsafe bpf_map__fd(try object.map(map))
    for var inode in inodes {
      var value = UInt8(1)
      _ = unsafe bpf_map_update_elem(map, &inode, &value, 0)
    }
  }

  deinit {
    var all = links
    links = []
    all += kprobes?.takeLinks() ?? []
    for attachment in tc { all += attachment.takeLinks() }
    Link.letGo(all)
  }

  private static func choose(
    _ wanted: Backend?, _ features: KernelFeatures
  ) throws(TracingError) -> Backend {
    switch wanted {
    case .kprobe where !features.hasKprobes:
      throw TracingError(
        .kernel,
        "this kernel (\(features.release)) has no kprobes (CONFIG_KPROBES)"
          + (features.hasNetfilterLinks ? "; use --backend netfilter" : ""))
    case .netfilter where !features.hasNetfilterLinks:
      throw TracingError(
        .kernel,
        "this kernel (\(features.release)) has no BPF netfilter links (they came with 6.4)"
          + (features.hasKprobes ? "; use --backend kprobe" : ""))
    case let wanted?: return wanted
    case nil where features.hasKprobes: return .kprobe
    case nil where features.hasNetfilterLinks: return .netfilter
    case nil:
      throw TracingError(
        .kernel,
        "this kernel (\(features.release)) has neither kprobes nor BPF netfilter links; "
          + "it takes CONFIG_KPROBES, or Linux 6.4 with CONFIG_NETFILTER_BPF_LINK")
    }
  }

  private static func isWanted(
    _ program: BPFObject.Program, _ backend: Backend, _ options: TraceOptions, isCrowded: Bool
  ) -> Bool {
    if program.section == "raw_tp/kfree_skb" { return true }
    if options.dropsOnly { return false }
    switch program.section {
    case "kft_netfilter": return backend == .netfilter
    case "raw_tp/netif_receive_skb", "raw_tp/net_dev_queue": return isCrowded
    case let section where section.hasPrefix("kprobe/"): return backend == .kprobe
    default: return true
    }
  }

  private func attach(
    _ options: TraceOptions, to namespaces: [NetworkNamespace],
    by way: (NetworkNamespace) -> DeviceAttachment.Way
  ) throws(TracingError) {
    var descriptors: [String: Int32] = [:]
    var probes: [BPFObject.Program] = []
    for program in object.programs() where program.descriptor >= 0 {
      if program.section.hasPrefix("kprobe/") {
        probes.append(program)
      } else if program.section.hasPrefix("raw_tp/") {
        guard
          let link = unsafe bpf_program__attach_raw_tracepoint(
            program.raw, String(program.section.dropFirst("raw_tp/".count)))
        else { throw .errno("cannot attach to \(program.section)", Glibc.errno) }
        unsafe links.append(Link(link))
        tracepoints.append(String(program.section.dropFirst("raw_tp/".count)))
      } else {
        descriptors[program.name] = program.descriptor
      }
    }
    if !probes.isEmpty { kprobes = try KprobeAttachment(probes) }
    for namespace in namespaces {
      if backend == .netfilter && !options.dropsOnly {
        let links = try namespace.inside { () throws(TracingError) in
          try NetfilterAttachment.attach(descriptors)
        }
        netfilter.append((namespace, links))
      }
      if let ingress = descriptors["kft_tc_ingress"], let egress = descriptors["kft_tc_egress"] {
        tc.append(
          try DeviceAttachment(
            namespace, ingress: ingress, egress: egress, way: way(namespace),
            only: options.interfaces))
      }
    }
    let names = Set(tc.flatMap { $0.interfaces.values.map(\.name) })
    if let missing = options.interfaces?.subtracting(names).sorted().first, !tc.isEmpty {
      throw TracingError(
        .usage,
        "--iface \(missing): no such device in \(namespaces.map(\.name).joined(separator: ", "))"
          + "; there are \(names.sorted().joined(separator: ", "))")
    }
  }

  /// Every place this tracer wants to be at in the kernel, and whether it is.
  public var hooks: [TracerHook] {
    var hooks = tracepoints.sorted().map { TracerHook(.tracepoint, $0, isAttached: true) }
    hooks += tc.flatMap(\.attached).map { TracerHook(.device, $0, isAttached: true) }
    if let kprobes {
      hooks += kprobes.probed.sorted().map { TracerHook(.kprobe, $0, isAttached: true) }
      hooks += missingFunctions.map { TracerHook(.kprobe, $0, isAttached: false) }
    } else if !tc.isEmpty {
      hooks += NetfilterAttachment.hooks.map { TracerHook(.netfilter, "\($0)", isAttached: true) }
    }
    return hooks
  }

  public func poll(milliseconds: Int32, _ body: (Event) -> Void) throws(TracingError) {
    try pollPayloads(milliseconds: milliseconds) { event, _ in body(event) }
  }

  /// The same with the beginning of the payload where there is one: of UDP packets from and to port 53
  /// with `dns` in the options, of one sighting each at least.
  public func pollPayloads(
    milliseconds: Int32, _ body: (Event, [UInt8]?) -> Void
  ) throws(TracingError) {
    try ring.poll(milliseconds: milliseconds) { event, payload in
      if event.time >= begin { body(event, payload) }
    }
  }

  /// Attaches to devices that came since the last call; the devices of the namespaces (by inode
  /// number) in which any came or went, by index.
  public func followDevices() throws(TracingError) -> [UInt32: [UInt32: Interface]] {
    var changed: [UInt32: [UInt32: Interface]] = [:]
    for attachment in tc where try attachment.follow() {
      changed[attachment.namespace.inode] = attachment.interfaces
    }
    return changed
  }

  /// Lets go of namespaces that are gone, and of all that is attached in them: they live on, with their
  /// devices, as long as somebody holds them.
  public func releaseNamespaces() throws(TracingError) {
    let gone = Set(tc.map(\.namespace).filter(\.isGone).map(\.inode))
    guard !gone.isEmpty else { return }
    tc.removeAll { gone.contains($0.namespace.inode) }
    netfilter.removeAll { gone.contains($0.namespace.inode) }
    for name in ["kft_netns", "kft_crowded"] {
      let map = unsafe bpf_map__fd(try object.map(name))
      for var inode in gone { _ = unsafe bpf_map_delete_elem(map, &inode) }
    }
  }

  /// Probes functions of modules that were loaded meanwhile; their names.
  public func followModules() throws(TracingError) -> [String] {
    guard kprobes != nil else { return [] }
    let raised = Privilege.raise()
    defer { raised.end() }
    return try kprobes?.followModules() ?? []
  }

  public var eventsLost: UInt64 { counter(KFT_COUNT_LOST) }
  /// IP packets whose headers were cut short, so far.
  public var truncatedPackets: UInt64 { counter(KFT_COUNT_TRUNCATED) }

  private func counter(_ which: kft_counter) -> UInt64 {
    let raised = Privilege.raise()
    defer { raised.end() }
    guard let map = try? unsafe object.map("kft_counters") else { return 0 }
    var values = [UInt64](repeating: 0, count: max(Int(libbpf_num_possible_cpus()), 1))
    var key = which.rawValue
    let error = unsafe bpf_map_lookup_elem(unsafe bpf_map__fd(map), &key, &values)
    return error == 0 ? values.reduce(0, +) : 0
  }
}

extension BPFObject {
  /// Opened and loaded as the options want it.
  fileprivate static func loaded(
    _ options: TraceOptions, direct: Bool, wanting isWanted: (Program) -> Bool
  ) throws(TracingError) -> BPFObject {
    let object = try BPFObject(direct: direct)
    try object.setBits(options.matches)
    try object.load(
      configuration: configuration(options), ringBytes: UInt32(options.ringBytes),
      wanting: isWanted)
    return object
  }

  private static func configuration(_ options: TraceOptions) -> kft_config {
    var config = kft_config()
    config.match_all = options.matches.isEmpty ? 1 : 0
    config.proto = options.proto?.rawValue ?? 0
    let forms = options.matches.forms
    config.full_keys = forms.full ? 1 : 0
    config.address_keys = forms.addressOnly ? 1 : 0
    config.port_keys = forms.portOnly ? 1 : 0
    config.netns_filter = options.namespaces.isEmpty ? 0 : 1
    config.dns = options.dns ? 1 : 0
    config.wake_bytes = UInt32(options.ringBytes / 8)
    let ports = options.tunnelPorts.prefix(4).map(\.bigEndian)
    unsafe withUnsafeMutableBytes(of: &config.tunnel_ports) { raw in
      for (i, port) in ports.enumerated() {
        unsafe raw.storeBytes(of: port, toByteOffset: 2 * i, as: UInt16.self)
      }
    }
    return config
  }
}
