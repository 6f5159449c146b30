# shellcheck shell=bash disable=SC2034
NUMBER=26
TITLE='the backend pod has lost its address: nobody answers ARP'
CAUSE=neighbour-failed

fault() {
  ipn web2 -4 addr flush dev eth0
  ipn node2 neigh flush dev cni0
}
heal() { pod_addresses web2 | ipn web2 -batch -; }
traffic() { http 2 client http://10.96.0.62/; }
