# shellcheck shell=bash
# kube-proxy's rules on the nodes.

# write_rules [FILE]: those of services.txt or FILE, for every node, into $STATE/rules.
write_rules() {
  local node writer arguments=()
  case $(proxy_mode) in
    nftables) writer=kube-nft-rules.py ;;
    ipvs) writer=kube-ipvs-rules.py ;;
    *) writer=kube-rules.py ;;
  esac
  for node in "${NODES[@]}"; do
    arguments+=("$node=10.244.${SUBNET[$node]}.0/24,fd00:10:244:${SUBNET[$node]}::/64")
    arguments[-1]+=",${NODE_IP4[$node]},${NODE_IP6[$node]}"
  done
  "$PYTHON" -I -S -B "$LAB_DIR/$writer" "${1:-$LAB_DIR/services.txt}" "$STATE/rules" "${arguments[@]}"
}

# load_rules: what write_rules wrote.
load_rules() {
  local node backend
  if [[ $(proxy_mode) == nftables ]]; then
    for node in "${NODES[@]}"; do
      on "$node" nft -f - < <(cat "$STATE/rules/$node".v{4,6})
    done
    return
  fi
  backend=$(iptables_backend)
  for node in "${NODES[@]}"; do
    # its rules ask the sets
    [[ $(proxy_mode) != ipvs ]] || load_virtual_servers "$node"
    on "$node" "iptables-$backend-restore" -w <"$STATE/rules/$node.v4"
    on "$node" "ip6tables-$backend-restore" -w <"$STATE/rules/$node.v6"
  done
}

# load_virtual_servers NODE: IPVS's own part of what write_rules wrote, the dummy device first.
load_virtual_servers() {
  local file=$STATE/rules/$1
  set_sysctls "$1" net/ipv4/vs/{conntrack,expire_nodest_conn,expire_quiescent_template}=1 \
    net/ipv4/vs/conn_reuse_mode=0
  {
    ipn "$1" link show kube-ipvs0 >/dev/null 2>&1 || echo 'link add name kube-ipvs0 type dummy'
    cat "$file".v{4,6}.ip
  } | ipn "$1" -batch -
  cat "$file".v{4,6}.ipset | on "$1" ipset restore
  on "$1" ipvsadm -C
  cat "$file".v{4,6}.ipvs | on "$1" ipvsadm -R
}
