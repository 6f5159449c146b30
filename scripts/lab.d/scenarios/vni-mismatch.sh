# shellcheck shell=bash disable=SC2034
NUMBER=15
TITLE='node2 has another VXLAN network identifier'
CAUSE=vni-mismatch

fault() { rebuild_flannel node2 2 8472; }
heal() { rebuild_flannel node2 1 8472; }
traffic() { http 2 client http://10.96.0.62/; }
