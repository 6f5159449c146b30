import Foundation
import KernelTracing
import Testing

private let fixture = """
  ffffffff81000000 T _stext
  ffffffff81000100 T nf_hook_slow
  ffffffff81000080 t ip_forward.cold
  ffffffff81000200 D a_variable
  ffffffff81000300 W weak_function
  ffffffff82000000 r a_constant
  0000000000000000 T hidden
  ffffffffc0300010 t ipt_do_table\t[ip_tables]
  ffffffffc0400000 T bpf_prog_6deef7357e7b4530_kft\t[bpf]

  """

private func place(_ address: UInt64, _ symbols: KernelSymbols) -> String? {
  symbols.place(of: address).map { "\($0.function)+0x\(String($0.offset, radix: 16))" }
}

@Suite struct KernelSymbolsTests {
  private let symbols = KernelSymbols(kallsyms: Array(fixture.utf8))

  @Test(
    "an address is in the function that begins before it",
    arguments: [
      (0xffff_ffff_8100_0000, "_stext+0x0"), (0xffff_ffff_8100_007f, "_stext+0x7f"),
      (0xffff_ffff_8100_0080, "ip_forward.cold+0x0"),
      (0xffff_ffff_8100_0100, "nf_hook_slow+0x0"), (0xffff_ffff_8100_01b3, "nf_hook_slow+0xb3"),
      (0xffff_ffff_8100_0210, "nf_hook_slow+0x110"),
      (0xffff_ffff_8100_0304, "weak_function+0x4"),
      (0xffff_ffff_c030_00ff, "ipt_do_table+0xef"),
      (0xffff_ffff_c040_0001, "bpf_prog_6deef7357e7b4530_kft+0x1"),
    ] as [(UInt64, String)])
  func known(_ address: UInt64, _ expected: String) {
    #expect(place(address, symbols) == expected)
  }

  @Test("an address before the first function is in none") func before() {
    #expect(symbols.place(of: 0xffff_ffff_80ff_ffff) == nil)
    #expect(symbols.place(of: 0) == nil)
  }

  @Test("a function is found whether its address is shown or not, data is none") func find() {
    let text = Array(
      """
      0000000000000000 D jiffies
      0000000000000000 T ip_rcv
      0000000000000000 t ip_rcv_core.isra.0
      0000000000000000 t vxlan_rcv\t[vxlan]
      """.utf8)
    #expect(KernelSymbols.find("ip_rcv", kallsyms: text)?.module == .some(nil))
    #expect(KernelSymbols.find("ip_rcv_core", kallsyms: text) != nil)
    #expect(KernelSymbols.find("vxlan_rcv", kallsyms: text)?.module == "vxlan")
    for name in ["ip_rc", "ip_rcv_", "jiffies", "rcv", "", "vxlan_rcv\t", "[vxlan]"] {
      #expect(KernelSymbols.find(name, kallsyms: text) == nil, "\(name)")
    }
    #expect(KernelSymbols.find("x", kallsyms: []) == nil)
  }

  @Test("hidden addresses give no places") func hidden() {
    let hidden = KernelSymbols(
      kallsyms: Array("0000000000000000 T nf_hook_slow\n0000000000000000 T ip_rcv\n".utf8))
    #expect(hidden.place(of: 0xffff_ffff_8100_0000) == nil)
    #expect(KernelSymbols(kallsyms: []).place(of: 1) == nil)
  }

  @Test("the last line needs no newline, and short lines are passed over") func ragged() {
    let ragged = KernelSymbols(
      kallsyms: Array("\n\nffffffff81000000 T\nffff\n \nffffffff81000040 T x".utf8))
    #expect(place(0xffff_ffff_8100_0041, ragged) == "x+0x1")
    #expect(ragged.place(of: 0xffff_ffff_8100_0001) == nil)
  }

  @Test(
    "a symbol of the running kernel is found at its address", .enabled(if: isRoot, "needs root"))
  func running() throws {
    let symbols = KernelSymbols.ofRunningKernel()
    let lines = try run(
      "grep", "-E", " T (nf_hook_slow|ip_forward|ip_rcv|ipv6_rcv)$", "/proc/kallsyms"
    )
    .split(separator: "\n")
    #expect(lines.count >= 2)
    for line in lines {
      let words = line.split(separator: " ")
      let address = try #require(UInt64(words[0], radix: 16))
      #expect(place(address, symbols) == "\(words[2])+0x0")
      #expect(place(address + 5, symbols) == "\(words[2])+0x5")
      #expect(place(address - 1, symbols)?.hasPrefix("\(words[2])+") == false)
    }
  }
}
