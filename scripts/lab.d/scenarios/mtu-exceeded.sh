# shellcheck shell=bash disable=SC2034
NUMBER=12
TITLE='pods use an MTU of 1500, the overlay carries 1450'
CAUSE=mtu-exceeded

fault() { set_pod_mtu 1500; }
heal() {
  set_pod_mtu "$OVERLAY_MTU"
  forget_paths client web1 web2 web3 dns
}
# The small answer passes. The big one is dropped until web-2 has learned the path's MTU.
traffic() {
  forget_paths client web2
  http 1 client http://10.96.0.62/
  http 1 client http://10.96.0.62/big
}
