# shellcheck shell=bash disable=SC2034
NUMBER=17
TITLE='node1 has no neighbour entry for the tunnel end of node2'
CAUSE=no-tunnel-peer

fault() { ipn node1 neigh del 10.244.2.0 dev flannel.1; }
heal() {
  ipn node1 neigh replace 10.244.2.0 lladdr "${VTEP_MAC[node2]}" dev flannel.1 nud permanent
}
traffic() { http 2 client http://10.96.0.62/; }
