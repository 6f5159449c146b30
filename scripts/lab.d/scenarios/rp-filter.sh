# shellcheck shell=bash disable=SC2034
NUMBER=19
TITLE='strict reverse path filter and an asymmetric route on node2'
CAUSE=rp-filter

# Packets come in by the tunnel, the way back goes straight to node1.
fault() {
  ipn node2 route replace 10.244.1.0/24 via 192.168.1.11
  set_sysctls node2 net/ipv4/conf/flannel.1/rp_filter=1
}
heal() {
  set_sysctls node2 net/ipv4/conf/flannel.1/rp_filter=0
  ipn node2 route replace 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink
}
traffic() { http 2 client http://10.96.0.62/; }
