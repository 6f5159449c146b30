# shellcheck shell=bash disable=SC2034
NUMBER=28
TITLE='node1 and node2 send the pods of node2 to each other'
CAUSE=routing-loop

fault() {
  ipn node1 route replace 10.244.2.0/24 via 192.168.1.12
  ipn node2 route add 10.244.2.8/32 via 192.168.1.11
}
heal() {
  ipn node2 route del 10.244.2.8/32
  ipn node1 route replace 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
}
traffic() { http 2 client http://10.96.0.62/; }
