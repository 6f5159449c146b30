# shellcheck shell=bash disable=SC2034
NUMBER=33
TITLE='a policy rule on node1 drops questions to the DNS server'
CAUSE=dns-blocked
TRACE=(--svc kube-system/kube-dns)
TRACE_NETNS=(node1 node2 client dns)
CAPTURES=('client eth0 udp port 53')

fault() {
  iptables_on node1 -N KUBE-POLICY-DNS
  iptables_on node1 -A KUBE-POLICY-DNS -p udp --dport 53 \
    -m comment --comment 'default deny egress' -j DROP
  iptables_on node1 -I FORWARD -d 10.244.2.10/32 -j KUBE-POLICY-DNS
}
heal() {
  iptables_on node1 -D FORWARD -d 10.244.2.10/32 -j KUBE-POLICY-DNS
  iptables_on node1 -F KUBE-POLICY-DNS
  iptables_on node1 -X KUBE-POLICY-DNS
}
traffic() { dns client web.default.svc.cluster.local A; }
prove() {
  captured client eth0 -ge 2 'dst host 10.96.0.10'
  captured client eth0 -eq 0 'src host 10.96.0.10'
  rule_hit node1 KUBE-POLICY-DNS 'default deny egress' 2
}
