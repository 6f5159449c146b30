# shellcheck shell=bash disable=SC2034
NUMBER=4
TITLE='nothing: ClusterIP from the node itself'
CAUSE=none
TRACE=(--svc 10.96.0.50)
TRACE_NETNS=(node1 node2 web1 web2 web3)

traffic() { http_until node1 http://10.96.0.50/ pod=web-1 'pod=web-(2|3)'; }
