# shellcheck shell=bash disable=SC2034
NUMBER=7
TITLE='a policy rule on node1 drops what goes to one endpoint'
CAUSE=policy-drop
TRACE=(--svc 10.96.0.50)
TRACE_NETNS=(node1 node2 client web1 web2 web3)

fault() {
  iptables_on node1 -N KUBE-POLICY-DEMO
  iptables_on node1 -A KUBE-POLICY-DEMO -p tcp --dport 8080 \
    -m comment --comment deny-trace-backend -j DROP
  iptables_on node1 -I FORWARD -d 10.244.2.8/32 \
    -m comment --comment 'policy for web-2' -j KUBE-POLICY-DEMO
}
heal() {
  iptables_on node1 -D FORWARD -d 10.244.2.8/32 \
    -m comment --comment 'policy for web-2' -j KUBE-POLICY-DEMO
  iptables_on node1 -F KUBE-POLICY-DEMO
  iptables_on node1 -X KUBE-POLICY-DEMO
}
# A SYN dropped here leaves no conntrack entry, so its retransmission may be sent to another endpoint:
# many of the connections come about after all, one or three seconds late.
traffic() { http_until client http://10.96.0.50/ 'seconds=[1-9]' 'pod=web-(1|3)'; }
