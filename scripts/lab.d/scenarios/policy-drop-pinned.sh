# shellcheck shell=bash disable=SC2034
# shellcheck source=/dev/null
. "$LAB_DIR/scenarios/policy-drop.sh"
TITLE='as policy-drop, by a Service whose one endpoint it is'
TRACE=(--svc 10.96.0.62)
TRACE_NETNS=(node1 node2 client web2)

traffic() { http 2 client http://10.96.0.62/; }
