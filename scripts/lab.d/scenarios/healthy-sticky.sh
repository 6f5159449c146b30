# shellcheck shell=bash disable=SC2034
NUMBER=31
TITLE='sessionAffinity ClientIP: one client, one endpoint'
TRACE=(--svc default/web-sticky)
TRACE_NETNS=(node1 node2 client web1 web2 web3)

traffic() { http 6 client http://10.96.0.63/; }
