# shellcheck shell=bash
# Namespaces, links, addresses and routes. One `ip -batch` a namespace: under software emulation
# a process costs more than the whole batch it runs.

# Modules that load themselves only from the initial namespace, or not at all.
# load_modules MODE
load_modules() {
  command -v modprobe >/dev/null || return 0
  modprobe -qa br_netfilter vxlan veth nf_conntrack nf_conntrack_netlink nf_tables nft_compat \
    nft_ct nft_nat nft_masq nft_fib_inet nft_numgen nft_reject_inet xt_conntrack xt_comment xt_mark xt_statistic \
    xt_MASQUERADE xt_addrtype xt_recent xt_nat ipt_REJECT ip6t_REJECT 2>/dev/null || true
  [[ $1 != iptables-legacy ]] ||
    modprobe -qa ip_tables iptable_nat iptable_filter ip6_tables ip6table_nat ip6table_filter \
      2>/dev/null || true
  [[ $1 != ipvs ]] ||
    modprobe -qa ip_vs ip_vs_rr dummy xt_set ip_set_hash_ip ip_set_hash_ipport ip_set_hash_ipportip \
      ip_set_bitmap_port 2>/dev/null || true
  case $OVERLAY in geneve | ipip) modprobe -qa "$OVERLAY" 2>/dev/null || true ;; esac
}

# lines: a here-document to stdout, without a process.
lines() {
  local text
  IFS= read -r -d '' text || true
  printf '%s' "$text"
}

make_namespaces() {
  local name
  for name in "${NAMESPACES[@]}"; do echo "netns add $PREFIX-$name"; done | ip -batch -
}

delete_namespaces() {
  local name
  for name in "${NAMESPACES[@]}"; do
    [[ ! -e /run/netns/$PREFIX-$name ]] || echo "netns del $PREFIX-$name"
  done | ip -force -batch -
}

# Before any interface exists, so that interfaces are born with these defaults.
configure_kernel() {
  local name job jobs=()
  local everywhere=(
    net/ipv6/conf/{all,default}/{disable_ipv6,accept_dad}"=0"
    net/ipv6/conf/default/{dad_transmits,accept_ra,router_solicitations}"=0"
    net/ipv4/conf/{all,default}/rp_filter"=0"
  )
  local router=(net/ipv4/ip_forward"=1" net/ipv6/conf/all/forwarding"=1")
  for name in "${NODES[@]}"; do
    # kube-proxy needs bridged replies to pass netfilter, or same-node connections break.
    set_sysctls "$name" "${everywhere[@]}" "${router[@]}" \
      net/bridge/bridge-nf-call-{iptables,ip6tables}=1 &
    jobs+=($!)
  done
  set_sysctls underlay "${everywhere[@]}" "${router[@]}" \
    net/bridge/bridge-nf-call-{iptables,ip6tables,arptables}=0 &
  jobs+=($!)
  for name in outside "${PODS[@]}"; do
    set_sysctls "$name" "${everywhere[@]}" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job"; done
}

# The switch between the nodes, and the gateway behind it, which loses what is not of this network.
build_underlay() {
  local name
  ipn underlay -batch - <<END
link set lo up
link add name br0 type bridge
address add 192.168.1.1/24 dev br0
address add fd00:192:168:1::1/64 dev br0 nodad
link add name node1 type veth peer name eth0 address ${NODE_MAC[node1]} netns $PREFIX-node1
link add name node2 type veth peer name eth0 address ${NODE_MAC[node2]} netns $PREFIX-node2
link add name outside type veth peer name eth0 netns $PREFIX-outside
$(for name in node1 node2 outside; do echo "link set $name master br0 up"; done)
link set br0 up
route add blackhole default
route add blackhole ::/0
END
  ipn outside -batch - <<END
link set lo up
link set eth0 up
address add 192.168.1.100/24 dev eth0
address add fd00:192:168:1::100/64 dev eth0 nodad
route add default via 192.168.1.1
END
}

# pod_mac POD: sets POD_MAC to the address CNI's bridge plugin gives, 0a:58 and the IPv4 address.
# shellcheck disable=SC2153 # SUBNET is a table of common.sh
pod_mac() {
  printf -v POD_MAC '0a:58:0a:f4:%02x:%02x' "${SUBNET[${POD_NODE[$1]}]}" "${POD_HOST[$1]}"
}

# pod_addresses POD: batch lines for the pod's addresses and default routes.
pod_addresses() {
  local subnet=${SUBNET[${POD_NODE[$1]}]} host=${POD_HOST[$1]}
  lines <<END
address replace 10.244.$subnet.$host/24 dev eth0
address replace fd00:10:244:$subnet::$host/64 dev eth0 nodad
route replace default via 10.244.$subnet.1
route replace default via fd00:10:244:$subnet::1 mtu $OVERLAY6_MTU
END
}

# flannel_link NODE VNI PORT: batch lines that make flannel.1 with its neighbour and route.
flannel_link() {
  local other=${OTHER_NODE[$1]}
  local mine=${SUBNET[$1]} theirs=${SUBNET[$other]}
  lines <<END
link add name flannel.1 address ${VTEP_MAC[$1]} mtu $OVERLAY_MTU type vxlan id $2 local ${NODE_IP4[$1]} dev eth0 dstport $3 nolearning
link set flannel.1 up
address add 10.244.$mine.0/32 dev flannel.1
neigh add 10.244.$theirs.0 lladdr ${VTEP_MAC[$other]} dev flannel.1 nud permanent
route add 10.244.$theirs.0/24 via 10.244.$theirs.0 dev flannel.1 onlink
END
}

# flannel_fdb NODE: the `bridge` line that sends the other node's VTEP address through the tunnel.
flannel_fdb() {
  local other=${OTHER_NODE[$1]}
  echo "fdb append ${VTEP_MAC[$other]} dev flannel.1 dst ${NODE_IP4[$other]} self permanent"
}

# flannel6_link NODE and flannel6_fdb NODE: the same over IPv6; flannel has a second device for it.
flannel6_link() {
  local other=${OTHER_NODE[$1]}
  local mine=${SUBNET[$1]} theirs=${SUBNET[$other]}
  lines <<END
link add name flannel-v6.1 address ${VTEP6_MAC[$1]} mtu $OVERLAY6_MTU type vxlan id 1 local ${NODE_IP6[$1]} dev eth0 dstport 8472 nolearning
link set flannel-v6.1 up
address add fd00:10:244:$mine::/128 dev flannel-v6.1 nodad
neigh add fd00:10:244:$theirs:: lladdr ${VTEP6_MAC[$other]} dev flannel-v6.1 nud permanent
route add fd00:10:244:$theirs::/64 via fd00:10:244:$theirs:: dev flannel-v6.1 onlink
END
}
flannel6_fdb() {
  local other=${OTHER_NODE[$1]}
  echo "fdb append ${VTEP6_MAC[$other]} dev flannel-v6.1 dst ${NODE_IP6[$other]} self permanent"
}

# tunnel_link NODE: batch lines for the way to the other node's pods: the device, if the overlay has
# one, and the route. IPv6 has its own tunnel with VXLAN only, else plain routes.
tunnel_link() {
  local other=${OTHER_NODE[$1]}
  local mine=${SUBNET[$1]} theirs=${SUBNET[$other]}
  local cidr=10.244.$theirs.0/24 peer=${NODE_IP4[$other]}
  if [[ $OVERLAY == vxlan ]]; then
    flannel_link "$1" 1 8472
    flannel6_link "$1"
    return
  fi
  case $OVERLAY in
    geneve)
      lines <<END
link add name $TUNNEL address ${VTEP_MAC[$1]} mtu $OVERLAY_MTU type geneve id 1 remote $peer dstport 6081
link set $TUNNEL up
address add 10.244.$mine.0/32 dev $TUNNEL
neigh add 10.244.$theirs.0 lladdr ${VTEP_MAC[$other]} dev $TUNNEL nud permanent
route add $cidr via 10.244.$theirs.0 dev $TUNNEL onlink
END
      ;;
    ipip)
      lines <<END
link add name $TUNNEL mtu $OVERLAY_MTU type ipip local ${NODE_IP4[$1]} remote $peer
link set $TUNNEL up
address add 10.244.$mine.0/32 dev $TUNNEL
route add $cidr dev $TUNNEL
END
      ;;
    routed) echo "route add $cidr via $peer" ;;
  esac
  echo "route add fd00:10:244:$theirs::/64 via ${NODE_IP6[$other]}"
}

# build_node NODE: uplink, pod bridge, the pods' veths, overlay.
build_node() {
  local node=$1 subnet=${SUBNET[$1]} pod
  {
    lines <<END
link set lo up
link set eth0 mtu $UNDERLAY_MTU up
address add ${NODE_IP4[$node]}/24 dev eth0
address add ${NODE_IP6[$node]}/64 dev eth0 nodad
route add default via 192.168.1.1
route add default via fd00:192:168:1::1
link add name cni0 mtu $OVERLAY_MTU type bridge
address add 10.244.$subnet.1/24 dev cni0
address add fd00:10:244:$subnet::1/64 dev cni0 nodad
END
    for pod in "${PODS[@]}"; do
      [[ ${POD_NODE[$pod]} == "$node" ]] || continue
      pod_mac "$pod"
      lines <<END
link add name veth$pod mtu $OVERLAY_MTU type veth peer name eth0 mtu $OVERLAY_MTU address $POD_MAC netns $PREFIX-$pod
link set veth$pod master cni0 up
link set veth$pod type bridge_slave hairpin on
END
    done
    echo "link set cni0 up"
    tunnel_link "$node"
  } | ipn "$node" -batch -
  [[ $OVERLAY != vxlan ]] ||
    { flannel_fdb "$node" && flannel6_fdb "$node"; } | bridge -n "$PREFIX-$node" -batch -
  for pod in "${PODS[@]}"; do
    [[ ${POD_NODE[$pod]} == "$node" ]] || continue
    { printf 'link set lo up\nlink set eth0 up\n' && pod_addresses "$pod"; } | ipn "$pod" -batch -
  done
}

# What several scenarios change.

# rebuild_flannel NODE VNI PORT: replace flannel.1; these two can't be changed on a living device.
rebuild_flannel() {
  { echo 'link del flannel.1' && flannel_link "$@"; } | ipn "$1" -batch -
  flannel_fdb "$1" | bridge -n "$PREFIX-$1" -batch -
}

# set_pod_mtu MTU: of every pod, its veth and the pod bridges.
set_pod_mtu() {
  local node pod
  for node in "${NODES[@]}"; do
    {
      for pod in "${PODS[@]}"; do
        [[ ${POD_NODE[$pod]} != "$node" ]] || echo "link set veth$pod mtu $1"
      done
      echo "link set cni0 mtu $1"
    } | ipn "$node" -batch -
  done
  for pod in "${PODS[@]}"; do ipn "$pod" link set eth0 mtu "$1"; done
}

# underlay_does STATEMENT...: the switch treats frames as an nftables rule of the bridge family says.
underlay_does() {
  on underlay nft -f - <<END
table bridge lab {
  chain forward {
    type filter hook forward priority filter; policy accept;
    $*
  }
}
END
}
# underlay_drops MATCH...: it silently drops those that match.
underlay_drops() { underlay_does "$@" counter drop; }
underlay_as_before() { on underlay nft delete table bridge lab; }
