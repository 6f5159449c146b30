# shellcheck shell=bash disable=SC2034
NUMBER=35
TITLE='a queue in front of the tunnel is too short'
CAUSE=congestion

fault() { on node2 tc qdisc replace dev flannel.1 root tbf rate 200kbit burst 3000 limit 3000; }
heal() { on node2 tc qdisc del dev flannel.1 root; }
traffic() { http 2 client 'http://10.96.0.62/big?bytes=60000'; }
prove() {
  queue_dropped node2 flannel.1 tbf
  rose web2 TcpRetransSegs
}
