# shellcheck shell=bash disable=SC2034
NUMBER=5
TITLE='nothing: kube-dns over UDP: A, AAAA, a name there is not'
CAUSE=none
TRACE=(--svc 10.96.0.10)
TRACE_NETNS=(node1 node2 client dns)

traffic() {
  dns client web.default.svc.cluster.local A
  dns client web.default.svc.cluster.local AAAA
  dns client absent.default.svc.cluster.local A
}
