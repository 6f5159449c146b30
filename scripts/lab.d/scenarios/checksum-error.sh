# shellcheck shell=bash disable=SC2034
NUMBER=34
TITLE='the tunnel packets of node1 have a wrong UDP checksum'
CAUSE=checksum-error
CAPTURES=('node2 eth0 udp port 8472')

# node1 computes the outer checksum (a veth would leave that to the other end, where nobody looks at
# it then) and the network damages it, as a device does whose offload is broken.
fault() {
  need ethtool
  on node1 ethtool -K eth0 tx off >/dev/null
  underlay_does ether saddr "${NODE_MAC[node1]}" udp dport 8472 udp checksum set 0xdead
}
heal() {
  underlay_as_before
  on node1 ethtool -K eth0 tx on >/dev/null
}
traffic() { http 2 client http://10.96.0.62/; }
prove() {
  seen node2 eth0 -ge 2 'bad udp cksum' 'src host 192.168.1.11'
  rose node2 UdpInCsumErrors 2
}
