# shellcheck shell=bash disable=SC2034
NUMBER=38
TITLE='nothing: kube-proxy in IPVS mode, both nodes'
MODE=ipvs
TRACE=(--svc 10.96.0.50)
TRACE_NETNS=(node1 node2 client web1 web2 web3)

traffic() { http_until client http://10.96.0.50/ pod=web-1 'pod=web-(2|3)'; }
# IPVS has counted the connections, and conntrack has them with the real servers.
prove() {
  said -ge 6 'status=200'
  expect "$(on node1 ipvsadm -Ln --stats -t 10.96.0.50:80 | awk '$1 == "TCP" { print $3 }')" -ge 6 \
    'connections of the virtual server, ipvsadm --stats'
  expect "$(on node1 conntrack -L -p tcp -d 10.96.0.50 2>/dev/null | grep -c 'src=10.244.2.[89] ')" \
    -ge 1 'conntrack -L in node1, entries to real servers on node2'
}
