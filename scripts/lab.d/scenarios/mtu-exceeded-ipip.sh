# shellcheck shell=bash disable=SC2034
# shellcheck source=/dev/null
. "$LAB_DIR/scenarios/mtu-exceeded.sh"
NUMBER=39
TITLE='as mtu-exceeded, over IPIP: 20 bytes are taken by the outer headers'
OVERLAY_WANTED=ipip

prove() {
  rose node2 IpFragFails
  expect "$(ipn node2 -o link show "$TUNNEL" | sed -n 's/.* mtu \([0-9]*\) .*/\1/p')" -eq "$OVERLAY_MTU" \
    "MTU of $TUNNEL in node2"
}
