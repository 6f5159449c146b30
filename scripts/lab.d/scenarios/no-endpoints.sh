# shellcheck shell=bash disable=SC2034
NUMBER=8
TITLE='a Service without endpoints'
CAUSE=no-endpoints
TRACE=(--svc 10.96.0.52)
TRACE_NETNS=(node1 client)

# kube-proxy rejects it in a healthy cluster too: there is nothing to break.
traffic() { http 2 client http://10.96.0.52/; }
