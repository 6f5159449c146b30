# shellcheck shell=bash disable=SC2034
NUMBER=20
TITLE='net.ipv4.ip_forward is 0 on node1'
CAUSE=forwarding-disabled

fault() { set_sysctls node1 net/ipv4/ip_forward=0; }
heal() { set_sysctls node1 net/ipv4/ip_forward=1; }
traffic() { http 2 client http://10.96.0.62/; }
