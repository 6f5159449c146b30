# shellcheck shell=bash disable=SC2034
NUMBER=17
TITLE='node1 has no forwarding entry for the tunnel end of node2'
CAUSE=no-tunnel-peer

fault() { bridge -n "$PREFIX-node1" fdb del "${VTEP_MAC[node2]}" dev flannel.1 dst "${NODE_IP4[node2]}" self; }
heal() { flannel_fdb node1 | bridge -n "$PREFIX-node1" -batch -; }
traffic() { http 2 client http://10.96.0.62/; }
