# shellcheck shell=bash disable=SC2034
NUMBER=36
TITLE='the network between the nodes loses every frame to node2'
CAUSE=lost-beyond-node

fault() { underlay_drops ether saddr "${NODE_MAC[node1]}" ether daddr "${NODE_MAC[node2]}"; }
heal() { underlay_as_before; }
traffic() { http 2 client http://10.96.0.62/; }
