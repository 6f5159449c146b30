# shellcheck shell=bash disable=SC2034
NUMBER=39
TITLE='nothing: as healthy-other-node, over IPIP'
OVERLAY_WANTED=ipip
TRACE=(--svc 10.96.0.50)
TRACE_NETNS=(node1 node2 client web1 web2 web3)

traffic() { http_until client http://10.96.0.50/ pod=web-2 pod=web-3; }
