# shellcheck shell=bash disable=SC2034
NUMBER=38
TITLE='IPVS mode: a virtual server without real servers'
CAUSE=no-endpoints
MODE=ipvs
TRACE=(--svc 10.96.0.52)
TRACE_NETNS=(node1 client)
CAPTURES=('client eth0 tcp or icmp')

# kube-proxy has it so in a healthy cluster too: there is nothing to break.
traffic() { http 2 client http://10.96.0.52/; }
prove() {
  captured client eth0 -ge 2 'dst host 10.96.0.52 and tcp'
  captured client eth0 -ge 2 'icmp[0] == 3 and icmp[1] == 3'
  expect "$(on node1 ipvsadm -Ln -t 10.96.0.52:80 | grep -c -- ' Masq ')" -eq 0 \
    'ipvsadm -Ln, real servers of 10.96.0.52:80'
}
