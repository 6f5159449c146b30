# shellcheck shell=bash disable=SC2034
NUMBER=16
TITLE='node2 has another VXLAN port, 4789'
CAUSE=tunnel-port-mismatch

fault() { rebuild_flannel node2 1 4789; }
heal() { rebuild_flannel node2 1 8472; }
traffic() { http 2 client http://10.96.0.62/; }
