# shellcheck shell=bash disable=SC2034
NUMBER=37
TITLE='netem on node1 loses three of ten packets'
CAUSE=congestion
NEEDS=(sch_netem)

fault() { on node1 tc qdisc replace dev eth0 root netem loss 30%; }
heal() { on node1 tc qdisc del dev eth0 root; }
traffic() { http 8 client http://10.96.0.62/; }
# netem has counted what it lost, and the client has sent that again.
prove() {
  queue_dropped node1 eth0 netem 2
  rose client TcpRetransSegs
}
