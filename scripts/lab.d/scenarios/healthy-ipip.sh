# shellcheck shell=bash disable=SC2034
NUMBER=39
TITLE='nothing: as healthy-other-node, over IPIP'
OVERLAY_WANTED=ipip
TRACE=(--svc 10.96.0.50)
TRACE_NETNS=(node1 node2 client web1 web2 web3)
CAPTURES=('node1 eth0 ip proto 4')

traffic() { http_until client http://10.96.0.50/ pod=web-2 pod=web-3; }
prove() {
  said -ge 6 'status=200'
  captured node1 eth0 -ge 6 'ip proto 4 and dst host 192.168.1.12'
}
