import Diagnosis
import Rendering
import Testing

@Suite struct GlossaryTextTests {
  private let text = GlossaryText(style: Style(isColoured: false))
  private let glossary = Glossary(
    reasons: [(9, "NETFILTER_DROP"), (13, "OTHERHOST"), (0x1_0002, "RX_DROP_U_REPLAY")],
    subsystems: [1: "mac80211_unusable"]
  ) { name in
    name == "ip_rcv" ? Glossary.Function(module: nil) : nil
  }

  @Test("all reasons, aligned") func table() {
    #expect(
      text.table(glossary.all) == """
            9  NETFILTER_DROP    A netfilter rule or a chain's policy dropped it.
           13  OTHERHOST         Its Ethernet address is another host's.
        65538  RX_DROP_U_REPLAY  there are no words for it: mac80211_unusable's own

        """)
    #expect(text.table([]).isEmpty)
  }

  @Test("one reason in full") func paragraph() throws {
    #expect(
      text.paragraph(try glossary.entry(for: "ip_rpfilter")) == """
        IP_RPFILTER   not a reason of this kernel
          what     The reverse path filter refused it: an answer would leave by another device.
          usually  different routes for the two directions: several uplinks, or a CNI's own routing \
        tables
          layer    node
          check    sysctl -a -r '\\.rp_filter$'
                   ip route get SOURCE
          fix      route the answer back by the same device, or set its rp_filter to 2
          leads to rp-filter

        """)
  }

  @Test("harmless ones say so and need no fix") func harmless() throws {
    let shown = text.paragraph(try glossary.entry(for: "OTHERHOST"))
    #expect(shown.hasPrefix("OTHERHOST   13 on this kernel\n"))
    #expect(shown.contains("  harmless freed in the course of things"))
    #expect(!shown.contains("  fix "))
  }

  @Test("functions: here without words, elsewhere with the module that has them") func functions()
    throws
  {
    #expect(
      text.paragraph(try glossary.entry(for: "ip_rcv"))
        == "ip_rcv   in this kernel\n"
        + "  what     a function of this kernel that there are no words for\n")
    #expect(
      text.paragraph(try glossary.entry(for: "vxlan_rcv+0x1"))
        .hasPrefix("vxlan_rcv   not here: module vxlan is not loaded\n"))
    #expect(
      text.paragraph(try glossary.entry(for: "ip_forward"))
        .hasPrefix("ip_forward   this kernel has no such symbol\n"))
  }

  @Test("colour only where it is wanted") func colour() {
    #expect(!text.table(glossary.all).contains("\u{1b}"))
    #expect(GlossaryText(style: Style(isColoured: true)).table(glossary.all).contains("\u{1b}"))
  }
}
