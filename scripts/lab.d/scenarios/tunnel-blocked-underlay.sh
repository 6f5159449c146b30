# shellcheck shell=bash disable=SC2034
NUMBER=14
TITLE='the network between the nodes drops the tunnel, UDP 8472'
CAUSE=tunnel-blocked

fault() { underlay_drops udp dport 8472; }
heal() { underlay_as_before; }
traffic() { http 2 client http://10.96.0.62/; }
