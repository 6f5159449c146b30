# shellcheck shell=bash disable=SC2034
NUMBER=6
TITLE='nothing: ClusterIP in IPv6'
CAUSE=none
TRACE=(--svc fd00:10:96::50)
TRACE_NETNS=(node1 node2 client web1 web2 web3)

traffic() { http_until client 'http://[fd00:10:96::50]/' pod=web-1 'pod=web-(2|3)'; }
