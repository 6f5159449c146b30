import Foundation
import KernelTracing
import Testing

@Suite struct KernelFeaturesTests {
  private let features = KernelFeatures.probe()

  @Test("the release is uname's") func release() throws {
    #expect(try features.release + "\n" == run("uname", "-r"))
  }

  @Test("BTF and kprobes are there if their files are") func files() {
    let files = FileManager.default
    #expect(features.hasBTF == files.fileExists(atPath: "/sys/kernel/btf/vmlinux"))
    #expect(
      features.hasKprobes
        == files.fileExists(atPath: "/sys/bus/event_source/devices/kprobe/type"))
  }

  @Test(
    "link types are there if the kernel's BTF has their structures",
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/bpftool"),
      "needs bpftool"))
  func links() throws {
    let dump = try run("bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux")
    #expect(features.hasTCX == dump.contains("STRUCT 'tcx_link'"))
    #expect(features.hasNetfilterLinks == dump.contains("STRUCT 'bpf_nf_link'"))
  }

  @Test("root lacks nothing") func privileges() throws {
    if isRoot { #expect(features.missingCapabilities == []) }
    if isRoot && features.hasBTF { try features.requireTracing() }
  }

  @Test("missing capabilities end with 77 and say how to get them") func missing() {
    var poor = features
    poor.missingCapabilities = ["CAP_NET_ADMIN", "CAP_BPF"]
    let error = #expect(throws: TracingError.self) { try poor.requireTracing() }
    #expect(error?.exitCode == 77)
    #expect(error?.message.contains("CAP_NET_ADMIN, CAP_BPF") == true)
    #expect(error?.message.contains("run as root") == true)
    #expect(error?.message.contains("\n") == false)
  }

  @Test("a kernel without BTF ends with 69 and names it") func noBTF() {
    var old = features
    old.missingCapabilities = []
    old.hasBTF = false
    old.release = "4.4.0"
    let error = #expect(throws: TracingError.self) { try old.requireTracing() }
    #expect(error?.exitCode == 69)
    #expect(error?.message.contains("4.4.0") == true)
    #expect(error?.message.contains("CONFIG_DEBUG_INFO_BTF") == true)
  }

  @Test(
    "a backend the kernel lacks is refused with the other one's name",
    .enabled(if: isRoot, "needs root"))
  func backend() {
    var options = TraceOptions()
    let lacking: Backend? =
      !features.hasKprobes ? .kprobe : !features.hasNetfilterLinks ? .netfilter : nil
    guard let lacking else { return }
    options.backend = lacking
    let error = #expect(throws: TracingError.self) { _ = try Tracer(options) }
    #expect(error?.exitCode == 69)
    #expect(
      error?.message.contains("--backend") == (features.hasKprobes || features.hasNetfilterLinks))
  }

  @Test(
    "a ring buffer of an impossible size is a wrong call", .enabled(if: isRoot, "needs root"),
    arguments: [0, -4096, 1, 2048, 4097, 3 << 20, 2 << 30])
  func ring(_ bytes: Int) {
    var options = TraceOptions()
    options.ringBytes = bytes
    let error = #expect(throws: TracingError.self) { _ = try Tracer(options) }
    #expect(error?.exitCode == 64)
    #expect(error?.message.contains("\(bytes)") == true)
    #expect(error?.message.contains("power of two") == true)
  }
}
