# shellcheck shell=bash disable=SC2034
NUMBER=9
TITLE='an address of the Service range without any rule'
CAUSE=service-not-programmed
TRACE=(--svc 10.96.0.99)
TRACE_NETNS=(node1 client)

# No rule to begin with; the packets leave by the default route and the network loses them.
traffic() { http 2 client http://10.96.0.99/; }
