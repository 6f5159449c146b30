# shellcheck shell=bash disable=SC2034
NUMBER=11
TITLE='the DNS pod is replaced, and a client that keeps its port goes on to the old one'
CAUSE=stale-conntrack
TRACE=(--svc kube-system/kube-dns)
TRACE_NETNS=(node1 node2 client dns)
CAPTURES=('node2 flannel.1 udp port 53' 'client eth0 udp port 53')

# The entry is made while the old endpoint is in the rules; kube-proxy then has new ones.
fault() {
  ask_dns_from 5353 || true
  sed 's/10\.244\.2\.10:53/10.244.2.11:53/' "$LAB_DIR/services.txt" >"$STATE/services.new"
  write_rules "$STATE/services.new"
  load_rules
  ipn dns -batch - <<END
address del 10.244.2.10/24 dev eth0
address add 10.244.2.11/24 dev eth0
route replace default via 10.244.2.1
END
}
heal() {
  write_rules
  load_rules
  ipn dns -batch - <<END
address del 10.244.2.11/24 dev eth0
address add 10.244.2.10/24 dev eth0
route replace default via 10.244.2.1
END
  on node1 conntrack -D -p udp --orig-port-src 5353 >/dev/null 2>&1 || true
  ipn node2 neigh flush dev cni0
}
ask_dns_from() {
  on client dig @10.96.0.10 -b "10.244.1.5#$1" web.default.svc.cluster.local A +tries=1 +timeout=1 \
    +short
}
traffic() {
  local try
  for try in 1 2; do ask_dns_from 5353 || true; done
}
# Still sent to the old address, from the entry that was made before, with the one answer there was;
# the rules know it no more.
prove() {
  captured client eth0 -ge 2 'src host 10.244.1.5 and dst host 10.96.0.10'
  captured client eth0 -eq 1 'src host 10.96.0.10 and udp'
  captured node2 flannel.1 -ge 2 'src port 5353 and dst host 10.244.2.10'
  expect "$(iptables_on node1 -t nat -S | grep -c -- '--to-destination 10.244.2.10:53')" -eq 0 \
    'DNAT rules of node1 for 10.244.2.10:53'
  expect "$(on node1 conntrack -L -p udp --orig-port-src 5353 2>/dev/null |
    grep -c 'dst=10.96.0.10 .*src=10.244.2.10 ')" -eq 1 'conntrack -L in node1, entries to 10.244.2.10'
}
