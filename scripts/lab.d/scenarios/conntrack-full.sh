# shellcheck shell=bash disable=SC2034
NUMBER=23
TITLE='the conntrack table of node1 is full'
CAUSE=conntrack-full
CAPTURES=('node1 vethclient tcp' 'node1 eth0 udp port 8472')

# node1's own table is filled; the limit, which is the whole machine's, is left alone.
fault() {
  local entries
  on node1 conntrack -F >/dev/null 2>&1
  entries=$(on node1 "$PYTHON" -I -S "$LAB_DIR/fill-conntrack.py" 600)
  say "node1 has $entries conntrack entries"
}
heal() { on node1 conntrack -F >/dev/null 2>&1; }
traffic() { http 2 client http://10.96.0.62/; }
# SYNs arrive on node1 and do not leave it; conntrack has counted what it refused.
prove() {
  captured node1 vethclient -ge 2 'src host 10.244.1.5 and dst host 10.96.0.62'
  captured node1 eth0 -eq 0 'src host 192.168.1.11'
  conntrack_rose node1 drop 2
  expect "$(on node1 conntrack -C)" -ge "$(<"/proc/sys/net/netfilter/nf_conntrack_max")" \
    'conntrack -C in node1'
}
