# shellcheck shell=bash disable=SC2034
NUMBER=22
TITLE="as hairpin, masqueraded, but the bridge port's hairpin mode is off"
CAUSE=hairpin
TRACE=(--svc 10.96.0.61)
TRACE_NETNS=(node1 web1)
CAPTURES=('web1 eth0 tcp')

# NAT is done while bridging, so the packet would leave by the port it came in by; br_forward refuses
# that before POSTROUTING is reached.
fault() { ipn node1 link set vethweb1 type bridge_slave hairpin off; }
heal() { ipn node1 link set vethweb1 type bridge_slave hairpin on; }
traffic() { http 2 web1 http://10.96.0.61/; }
# SYNs leave the pod and nothing comes back, though the rule that translates them has counted them.
prove() {
  captured web1 eth0 -ge 2 'src host 10.244.1.6 and dst host 10.96.0.61'
  captured web1 eth0 -eq 0 'dst host 10.244.1.6'
  translated node1 10.244.1.6:8080 2
  expect "$(ip -d -j -n "$PREFIX-node1" link show vethweb1 | grep -c '"hairpin":false')" -eq 1 \
    'ip -d link, hairpin off on vethweb1 of node1'
}
