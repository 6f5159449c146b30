# shellcheck shell=bash disable=SC2034
NUMBER=24
TITLE='two DNS questions of one socket race for one conntrack entry'
CAUSE=conntrack-race
TRACE=(--svc kube-system/kube-dns --svc kube-system/kube-dns-upstream)
TRACE_NETNS=(node1 node2 client dns)

# Two questions to one Service no longer fail (conntrack -S: clash_resolve). What still does: two
# Services of the same pods, as NodeLocal DNSCache has them, where NAT gives both questions the same
# answer to wait for. A chain that takes long behind NAT in POSTROUTING makes the race easy to lose.
fault() {
  local level
  {
    cat "$LAB_DIR/services.txt"
    echo 'kube-system/kube-dns-upstream:dns udp address=10.96.0.11 port=53 endpoints=10.244.2.10:53'
  } >"$STATE/services.new"
  write_rules "$STATE/services.new"
  load_rules
  {
    # three calls a level: each packet passes the last one 3^9 times
    printf 'table ip lab-slow {\n chain level9 {\n meta mark 1\n }\n'
    for level in {8..0}; do
      printf ' chain level%d {\n' "$level"
      printf ' jump level%d\n' $((level + 1)){,,}
      printf ' }\n'
    done
    lines <<'END'
 chain postrouting {
  type filter hook postrouting priority 200
  ip daddr 10.244.2.10 udp dport 53 jump level0
 }
}
END
  } | on node1 nft -f -
}
heal() {
  on node1 nft delete table ip lab-slow
  write_rules
  load_rules
}
traffic() { on client "$PYTHON" -I -S "$LAB_DIR/ask-twice.py" 60 10.96.0.10 10.96.0.11; }
prove() {
  conntrack_rose node1 insert_failed
  said -ge 1 '=none'
}
