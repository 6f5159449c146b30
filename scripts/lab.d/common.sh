# shellcheck shell=bash
# What every part of the lab shares: names, addresses, and the few ways to reach a namespace.

PREFIX=${KFT_LAB_PREFIX:-kft}
STATE=${XDG_RUNTIME_DIR:-/run}/kflowtrace-lab/$PREFIX

# The system's own interpreter: a version manager's shim costs more than all of our Python together.
PYTHON=/usr/bin/python3
[[ -x $PYTHON ]] || PYTHON=python3


# What there is. node1 is subnet 1, node2 is subnet 2; a pod is 10.244.SUBNET.HOST and fd00:10:244:SUBNET::HOST.
# shellcheck disable=SC2034 # the tables are read by the other files
{
  NODES=(node1 node2)
  PODS=(client web1 web2 web3 dns)
  NAMESPACES=(underlay outside "${NODES[@]}" "${PODS[@]}")
  declare -A SUBNET=([node1]=1 [node2]=2)
  declare -A POD_NODE=([client]=node1 [web1]=node1 [web2]=node2 [web3]=node2 [dns]=node2)
  declare -A POD_HOST=([client]=5 [web1]=6 [web2]=8 [web3]=9 [dns]=10)
  declare -A NODE_IP4=([node1]=192.168.1.11 [node2]=192.168.1.12)
  declare -A NODE_IP6=([node1]=fd00:192:168:1::11 [node2]=fd00:192:168:1::12)
  declare -A NODE_MAC=([node1]=52:54:00:a8:01:0b [node2]=52:54:00:a8:01:0c)
  declare -A VTEP_MAC=([node1]=ee:f1:a4:00:00:01 [node2]=ee:f1:a4:00:00:02)
  declare -A VTEP6_MAC=([node1]=ee:f1:a6:00:00:01 [node2]=ee:f1:a6:00:00:02)
  declare -A OTHER_NODE=([node1]=node2 [node2]=node1)
  UNDERLAY_MTU=1500
  DEFAULT_MODE=iptables-nft
  DEFAULT_OVERLAY=vxlan
  OVERLAY6_MTU=1430 # 20 bytes less than VXLAN over IPv4 leaves, for the longer outer header
}

# use_overlay NAME: how packets get from node to node. Sets OVERLAY, TUNNEL, the device, and
# OVERLAY_MTU, what the underlay's leaves.
# shellcheck disable=SC2034 # read by the other files
use_overlay() {
  OVERLAY=$1
  case $1 in
    vxlan) TUNNEL=flannel.1 OVERLAY_MTU=1450 ;; # Ethernet, IPv4, UDP, VXLAN: 50 bytes
    geneve) TUNNEL=geneve.1 OVERLAY_MTU=1450 ;; # as long without options
    ipip) TUNNEL=flannel.ipip OVERLAY_MTU=1480 ;;
    routed) TUNNEL='' OVERLAY_MTU=1500 ;;
    *) die "no such overlay: $1; there are vxlan, geneve, ipip and routed" ;;
  esac
}

[[ $PREFIX =~ ^[a-z0-9][a-z0-9-]{0,15}$ ]] || {
  printf 'lab: error: KFT_LAB_PREFIX is not a short name of a-z, 0-9 and -: %s\n' "$PREFIX" >&2
  exit 1
}

say() { printf 'lab: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# at_exit COMMAND...: to run should the script end from here on, by an error or a signal;
# not_at_exit takes the latest back. Arguments are quoted as given.
AT_EXIT=()
at_exit() { AT_EXIT+=("${*@Q}"); }
not_at_exit() { unset 'AT_EXIT[-1]'; }
finish() {
  local status=$? index
  trap - EXIT INT TERM
  set +e
  for ((index = ${#AT_EXIT[@]} - 1; index >= 0; index--)); do eval "${AT_EXIT[index]}"; done
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# on NAME COMMAND...: run a command in the network namespace of a node or pod.
on() { nsenter --net="/run/netns/$PREFIX-$1" -- "${@:2}"; }

# ipn NAME ARGS...: iproute2 in a namespace. Reads a batch with `ipn NAME -batch -`.
ipn() { ip -n "$PREFIX-$1" "${@:2}"; }

# iptables_on NODE ARGS...: iptables of the back end the lab was brought up with.
iptables_on() { on "$1" "iptables-$(iptables_backend)" -w "${@:2}"; }

# proxy_mode: how kube-proxy works here, as recorded by `up`.
proxy_mode() {
  local mode
  read -r mode <"$STATE/mode"
  printf '%s' "$mode"
}

# overlay: how packets get from node to node here, as recorded by `up`.
overlay() {
  local overlay
  # one that an older version built has none
  [[ -r $STATE/overlay ]] || return 0
  read -r overlay <"$STATE/overlay"
  printf '%s' "$overlay"
}

# iptables_backend: nft or legacy. Beside a kube-proxy that uses nftables others may use iptables,
# and in IPVS mode it has some rules itself.
iptables_backend() {
  [[ $(proxy_mode) == iptables-legacy ]] && printf legacy || printf nft
}

# set_sysctls NAME PATH=VALUE...: paths below /proc/sys; what this kernel does not have is skipped.
set_sysctls() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  on "$1" sh -c 'for s; do f=/proc/sys/${s%%=*}; [ ! -e "$f" ] || echo "${s#*=}" >"$f"; done' \
    sh "${@:2}"
}

# need COMMAND...: stop early, naming everything that is missing at once.
need() {
  local tool missing=()
  for tool; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  ((${#missing[@]} == 0)) || die "not found: ${missing[*]}
     Debian: apt-get install iproute2 iptables nftables conntrack dnsmasq-base bind9-dnsutils curl python3"
}
