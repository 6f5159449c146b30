# shellcheck shell=bash disable=SC2034
NUMBER=13
TITLE='as mtu-exceeded, and node2 sends no ICMP about it'
CAUSE=mtu-blackhole

fault() {
  set_pod_mtu 1500
  iptables_on node2 -I OUTPUT -p icmp --icmp-type fragmentation-needed \
    -m comment --comment 'no ICMP' -j DROP
}
heal() {
  iptables_on node2 -D OUTPUT -p icmp --icmp-type fragmentation-needed \
    -m comment --comment 'no ICMP' -j DROP
  set_pod_mtu "$OVERLAY_MTU"
  forget_paths client web1 web2 web3 dns
}
traffic() {
  forget_paths client web2
  http 1 client http://10.96.0.62/
  http 1 client http://10.96.0.62/big
}
