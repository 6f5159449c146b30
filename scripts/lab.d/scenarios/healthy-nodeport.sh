# shellcheck shell=bash disable=SC2034
NUMBER=3
TITLE='nothing: NodePort from outside the cluster'
CAUSE=none
TRACE=(--svc 10.96.0.50)
TRACE_NETNS=(node1 node2 web1 web2 web3)

traffic() { http_until outside http://192.168.1.11:30080/ pod=web-1 'pod=web-(2|3)'; }
