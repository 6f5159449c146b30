# shellcheck shell=bash disable=SC2034
NUMBER=30
TITLE='one of three endpoints fails'
CAUSE=endpoint-failing
TRACE=(--svc 10.96.0.50)
TRACE_NETNS=(node1 node2 client web1 web2 web3)

fault() {
  iptables_on node2 -N KUBE-POLICY-WEB3
  iptables_on node2 -A KUBE-POLICY-WEB3 -p tcp -m comment --comment 'deny web-3' -j DROP
  iptables_on node2 -I FORWARD -d 10.244.2.9/32 -j KUBE-POLICY-WEB3
}
heal() {
  iptables_on node2 -D FORWARD -d 10.244.2.9/32 -j KUBE-POLICY-WEB3
  iptables_on node2 -F KUBE-POLICY-WEB3
  iptables_on node2 -X KUBE-POLICY-WEB3
}
traffic() { http 24 client http://10.96.0.50/; }
# Two of three endpoints answer every time, the third never.
prove() {
  said -ge 2 'status=200 pod=web-1'
  said -ge 2 'status=200 pod=web-2'
  said -eq 0 'status=200 pod=web-3'
  said -ge 2 'status=000'
  rule_hit node2 KUBE-POLICY-WEB3 'deny web-3' 2
}
