# shellcheck shell=bash disable=SC2034
NUMBER=14
TITLE='a firewall on node2 drops the tunnel, UDP 8472'
CAUSE=tunnel-blocked

fault() {
  iptables_on node2 -I INPUT -p udp --dport 8472 -m comment --comment 'no tunnels' -j DROP
}
heal() {
  iptables_on node2 -D INPUT -p udp --dport 8472 -m comment --comment 'no tunnels' -j DROP
}
traffic() { http 2 client http://10.96.0.62/; }
