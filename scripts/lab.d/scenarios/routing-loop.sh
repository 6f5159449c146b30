# shellcheck shell=bash disable=SC2034
NUMBER=28
TITLE='node1 and node2 send the pods of node2 to each other'
CAUSE=routing-loop
CAPTURES=('node1 eth0 tcp or icmp')

fault() {
  ipn node1 route replace 10.244.2.0/24 via 192.168.1.12
  ipn node2 route add 10.244.2.8/32 via 192.168.1.11
}
heal() {
  ipn node2 route del 10.244.2.8/32
  ipn node1 route replace 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
}
traffic() { http 2 client http://10.96.0.62/; }
# The same packet again and again with ever smaller TTLs, then the kernel's ICMP error.
prove() {
  seen node1 eth0 -ge 20 'ttl [0-9]+, .*proto TCP' 'dst host 10.244.2.8'
  seen node1 eth0 -ge 1 'ttl [1-3], .*proto TCP' 'dst host 10.244.2.8'
  expect "$(($(increase node1 IcmpOutTimeExcds) + $(increase node2 IcmpOutTimeExcds)))" \
    -ge 1 'nstat IcmpOutTimeExcds in node1 and node2'
}
