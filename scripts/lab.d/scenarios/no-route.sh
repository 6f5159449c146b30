# shellcheck shell=bash disable=SC2034
NUMBER=18
TITLE='node1 has no route to the pods of node2'
CAUSE=no-route

# The default route goes too, as on a node without one; else the packets would leave by it.
fault() { printf 'route del 10.244.2.0/24\nroute del default\n' | ipn node1 -batch -; }
heal() {
  ipn node1 -batch - <<END
route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
route add default via 192.168.1.1
END
}
traffic() { http 2 client http://10.96.0.62/; }
