import Diagnosis
import Testing

@Suite struct GlossaryTests {
  private let glossary = Glossary(
    reasons: [
      (0, "SKB_NOT_DROPPED_YET"), (2, "NOT_SPECIFIED"), (9, "NETFILTER_DROP"), (70, "BRAND_NEW"),
      (71, "MAX"), (0x3_0000, "__OVS_DROP_REASON"), (0x3_0001, "OVS_DROP_LAST_ACTION"),
      (0x1_0002, "RX_DROP_U_REPLAY"), (0xffff_0000, "SUBSYS_MASK"),
    ],
    subsystems: [1: "mac80211_unusable", 3: "openvswitch"]
  ) { name in
    switch name {
    case "nf_hook_slow", "ip_rcv": Glossary.Function(module: nil)
    case "geneve_rx": Glossary.Function(module: "geneve")
    default: nil
    }
  }

  @Test("a reason by name, prefix and number is the same") func names() throws {
    let entry = try glossary.entry(for: "NETFILTER_DROP")
    #expect(entry.value == 9 && entry.isKnownHere == true && entry.kind == .reason)
    #expect(entry.layer == .policy && entry.weight == .fault && entry.isHarmless == false)
    #expect(entry.causes?.contains("policy-drop") == true)
    for word in ["netfilter_drop", "SKB_DROP_REASON_NETFILTER_DROP", "9", "0x9", "REASON_9"] {
      #expect(try glossary.entry(for: word) == entry, "\(word)")
    }
  }

  @Test("all are the kernel's, without what stands for no reason") func all() {
    #expect(
      glossary.all.map(\.name) == [
        "NOT_SPECIFIED", "NETFILTER_DROP", "BRAND_NEW", "OVS_DROP_LAST_ACTION", "RX_DROP_U_REPLAY",
      ])
  }

  @Test("a reason nobody has words for says so, and whose it is") func wordless() throws {
    let new = try glossary.entry(for: "brand_new")
    #expect(new.name == "BRAND_NEW" && new.value == 70 && new.what == nil && new.subsystem == nil)
    let other = try glossary.entry(for: "RX_DROP_U_REPLAY")
    #expect(other.what == nil && other.subsystem == "mac80211_unusable")
    let ours = try glossary.entry(for: "0x30001")
    #expect(ours.what != nil && ours.subsystem == "openvswitch")
    let numbers = try glossary.entry(for: "SUBSYSTEM_3_77")
    #expect(numbers.name == "SUBSYSTEM_3_77" && numbers.subsystem == "openvswitch")
    #expect(numbers.isKnownHere == false && numbers.what == nil)
  }

  @Test("a reason of other kernels") func elsewhere() throws {
    let entry = try glossary.entry(for: "VXLAN_VNI_NOT_FOUND")
    #expect(entry.isKnownHere == false && entry.value == nil && entry.what != nil)
  }

  @Test("a kernel that does not tell its reasons is not said to lack them") func blind() throws {
    let blind = Glossary(reasons: []) { _ in nil }
    let entry = try blind.entry(for: "NETFILTER_DROP")
    #expect(entry.isKnownHere == nil && entry.value == nil && entry.what != nil)
    #expect(blind.all.isEmpty)
  }

  @Test("functions: with words, without, in modules that are loaded or not") func functions() throws
  {
    let hook = try glossary.entry(for: "nf_hook_slow+0x6e")
    #expect(hook.kind == .function && hook.isKnownHere == true && hook.what != nil)
    #expect(hook.reasons == ["NETFILTER_DROP"] && hook.causes?.contains("policy-drop") == true)
    let bare = try glossary.entry(for: "ip_rcv")
    #expect(bare.isKnownHere == true && bare.what == nil && bare.module == nil)
    #expect(try glossary.entry(for: "geneve_rx").module == "geneve")
    let absent = try glossary.entry(for: "vxlan_rcv+0x10")
    #expect(absent.isKnownHere == false && absent.module == "vxlan" && absent.what != nil)
  }

  @Test(
    "what is neither gets the closest names",
    arguments: [
      ("NETFILTR_DROP", "NETFILTER_DROP"), ("netfiltr", "NETFILTER_DROP"),
      ("SKB_DROP_REASON_NO_SOKET", "NO_SOCKET"), ("nf_hok_slow+0x1f", "nf_hook_slow"),
      ("vxlan_vni", "VXLAN_VNI_NOT_FOUND"), ("rpfilter", "IP_RPFILTER"),
    ])
  func close(_ word: String, _ meant: String) {
    let error = #expect(throws: Glossary.UnknownWord.self) { try glossary.entry(for: word) }
    #expect(error?.message.contains("did you mean \(meant)") == true, "\(error?.message ?? "")")
  }

  @Test(
    "odd words end in one line",
    arguments: [
      "", " ", "+", "0x", "99999", "4294967296", "-1", "SUBSYSTEM_x_1", "a b", "\u{1b}[1m",
    ])
  func odd(_ word: String) {
    let error = #expect(throws: Glossary.UnknownWord.self) { try glossary.entry(for: word) }
    #expect(error?.message.contains("\n") == false)
  }
}
