# shellcheck shell=bash disable=SC2034
NUMBER=27
TITLE='the veth of the backend pod is down'
CAUSE=device-down

fault() { ipn node2 link set vethweb2 down; }
heal() { ipn node2 link set vethweb2 up; }
traffic() { http 2 client http://10.96.0.62/; }
