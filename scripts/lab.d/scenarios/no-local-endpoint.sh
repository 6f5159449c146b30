# shellcheck shell=bash disable=SC2034
NUMBER=25
TITLE='externalTrafficPolicy Local, and node1 has no endpoint'
CAUSE=no-local-endpoint
TRACE=(--svc default/web-outside)
TRACE_NETNS=(node1 outside)

traffic() { http 2 outside http://192.168.1.11:30084/; }
