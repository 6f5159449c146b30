# shellcheck shell=bash disable=SC2034
NUMBER=7
TITLE='as policy-drop, by an nftables table of a NetworkPolicy engine'
CAUSE=policy-drop
TRACE=(--svc 10.96.0.62)
TRACE_NETNS=(node1 node2 client web2)

# As kube-network-policies names its table: pods with a policy in a set, a hook behind kube-proxy's.
fault() {
  on node1 nft -f - <<'END'
table inet kube-network-policies {
  set podips-v4 {
    type ipv4_addr
    elements = { 10.244.2.8 }
  }
  chain forward {
    type filter hook forward priority filter + 5; policy accept;
    ct state established,related accept
    ip daddr @podips-v4 goto ingress
  }
  chain ingress {
    tcp dport 8080 ip saddr 10.244.1.0/24 counter drop comment "deny-trace-backend"
  }
}
END
}
heal() { on node1 nft delete table inet kube-network-policies; }
traffic() { http 2 client http://10.96.0.62/; }
