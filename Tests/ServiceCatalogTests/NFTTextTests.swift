import ServiceCatalog
import Testing

/// One of everything that is printed; nft itself says how.
private let ruleset = #"""
  table ip mixed {
    set addresses { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.1.5-192.168.1.9 }
    }
    set timed { type ipv4_addr; flags dynamic,timeout; timeout 3h
    }
    map ports { type ipv4_addr . inet_proto . inet_service : verdict
    }
    counter named { packets 0 bytes 0
    }
    chain other {
      reject
    }
    chain forward {
      type filter hook forward priority filter - 10; policy drop;
      ct state established,related accept
      ct state { established, related } accept
      ct state vmap { invalid : drop, established : accept }
      ct status dnat accept
      ct direction original ct original ip saddr 10.0.0.1 drop
      ct original ip daddr 10.96.0.0/16 meta l4proto udp ct reply proto-src 80 drop
      iifname "eth*" oifname != { "lo", "cali*" } drop
      iif lo drop
      tcp dport 80-90 tcp sport { 1, 5-9 } counter drop comment "it's one"
      udp dport != 53 drop
      tcp flags syn drop
      tcp flags & (syn|ack) == syn drop
      tcp flags != syn drop
      icmp type echo-request drop
      meta l4proto { tcp, udp } drop
      ip protocol icmp drop
      ip length > 100 drop
      meta length 100-200 drop
      ip saddr 10.0.0.1-10.0.0.9 drop
      ip saddr { 10.0.0.0/8, 1.2.3.4-1.2.3.9 } drop
      ip saddr & 255.255.0.255 == 10.0.0.1 drop
      ip saddr @addresses goto other
      ip saddr . tcp dport { 10.0.0.1 . 80, 10.0.0.2 . 90-100 } drop
      ip daddr . meta l4proto . th dport vmap @ports
      tcp dport vmap { 80 : drop, 90-95 : jump other }
      limit rate 5/second drop
      limit rate over 5/second burst 3 packets drop
      numgen random mod 10 < 5 drop
      numgen inc mod 4 0 drop
      numgen random mod 2 vmap { 0 : goto other, 1 : drop }
      jhash ip saddr mod 2 0 drop
      th dport 80 drop
      fib daddr type local drop
      fib daddr type { local, broadcast } drop
      fib saddr . iif oif missing drop
      meta skuid 0 drop
      meta mark 0x10 drop
      meta mark & 0xf0 == 0x10 drop
      meta mark set 0x5
      meta mark set meta mark and 0xff or 0x10
      meta mark set ct mark
      ct mark set mark
      ct mark 0x1 drop
      reject with tcp reset
      reject with icmp type admin-prohibited
      log prefix "hi" drop
      counter name "named"
      update @timed { ip saddr }
      notrack
      quota over 100 mbytes drop
      ct count over 5 drop
      continue
      return
    }
    chain nat {
      type nat hook postrouting priority srcnat;
      oifname "eth0" masquerade fully-random
      meta l4proto tcp snat to 10.0.0.1:1000-2000
    }
    chain translate {
      type nat hook prerouting priority dstnat;
      meta l4proto tcp dnat to 10.244.1.6:8080
      tcp dport 80 redirect to :8080
    }
  }
  table inet both {
    chain forward {
      type filter hook forward priority 10;
      tcp dport 80 ip6 daddr fd00::/64 drop
      udp dport 53 reject with icmpx type port-unreachable
      meta nfproto ipv6 icmpv6 type nd-neighbor-solicit accept
      reject
    }
    chain translate {
      type nat hook prerouting priority dstnat;
      meta l4proto tcp dnat ip6 to [fd00::1]:8080
      meta l4proto tcp dnat ip to 10.0.0.1:8080
    }
  }

  """#

@Test func rulesReadAsNFTPrintsThem() async throws {
  let lab = try RuleLab(restore: "nft -f -", ruleset)
  let printed = try lab.inside("r", "nft -a -s list ruleset").split(separator: "\n")
    .map { $0.trimmingPrefix { $0 == "\t" } }
    .filter { $0.contains(" # handle ") && !$0.contains("{ # handle ") }
  let rules = await NodeRules.read(netns: lab.netns)
  #expect(rules.missing == [])
  #expect(rules.nft.rules.count == printed.count)
  #expect(rules.nft.rules.count > 60)
  for (rule, line) in zip(rules.nft.rules, printed) { #expect(rule.specification == line) }
}

/// What iptables wrote is read by iptables-save, and is not there twice.
@Test func tablesOfIPTablesAreNotReadAgain() async throws {
  let lab = try RuleLab(
    restore: "iptables-nft-restore", "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j DROP\nCOMMIT\n")
  try lab.inside(
    "r", "nft -f -",
    input: """
      table ip6 filter {
        chain mine {
          type filter hook forward priority 0; policy drop;
          tcp dport 80 accept
        }
      }

      """)
  let rules = await NodeRules.read(netns: lab.netns)
  #expect(rules.missing == [])
  #expect(rules.ruleSets.contains { $0.ruleCount == 1 })
  #expect(rules.nft.rules.map(\.nftTable?.description) == ["ip6 filter"])
}
