# shellcheck shell=bash disable=SC2034
NUMBER=25
TITLE='externalTrafficPolicy Local, and node1 has no endpoint'
CAUSE=no-local-endpoint
TRACE=(--svc default/web-outside)
TRACE_NETNS=(node1 outside)
CAPTURES=('node1 eth0 tcp')

traffic() { http 2 outside http://192.168.1.11:30084/; }
# SYNs arrive and are neither forwarded nor answered: the rule that drops them has counted them.
prove() {
  captured node1 eth0 -ge 2 'dst host 192.168.1.11 and dst port 30084'
  captured node1 eth0 -eq 0 'src port 30084'
  rule_hit node1 KUBE-EXTERNAL-SERVICES 'has no local endpoints' 2
}
