# shellcheck shell=bash disable=SC2034
NUMBER=7
TITLE='as policy-drop, by either of two rules: only the kernel knows which'
CAUSE=policy-drop
TRACE=(--svc 10.96.0.62 --trace-rules)
TRACE_NETNS=(node1 node2 client web2)

fault() {
  iptables_on node1 -N KUBE-POLICY-DEMO
  iptables_on node1 -A KUBE-POLICY-DEMO -p tcp --dport 8080 -m statistic --mode random \
    --probability 0.5 -m comment --comment deny-by-chance -j DROP
  iptables_on node1 -A KUBE-POLICY-DEMO -p tcp --dport 8080 -m comment --comment deny-the-rest -j DROP
  iptables_on node1 -I FORWARD -d 10.244.2.8/32 -j KUBE-POLICY-DEMO
}
heal() {
  iptables_on node1 -D FORWARD -d 10.244.2.8/32 -j KUBE-POLICY-DEMO
  iptables_on node1 -F KUBE-POLICY-DEMO
  iptables_on node1 -X KUBE-POLICY-DEMO
}
traffic() { http 6 client http://10.96.0.62/; }
prove() {
  said -eq 6 'status=000'
  rule_hit node1 KUBE-POLICY-DEMO deny-by-chance
  rule_hit node1 KUBE-POLICY-DEMO deny-the-rest
}
