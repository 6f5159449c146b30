# shellcheck shell=bash
# kube-proxy's rules on the nodes.

# write_rules [FILE]: those of services.txt or FILE, for every node, into $STATE/rules.
write_rules() {
  local node writer=kube-rules.py arguments=()
  [[ $(proxy_mode) != nftables ]] || writer=kube-nft-rules.py
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
    on "$node" "iptables-$backend-restore" -w <"$STATE/rules/$node.v4"
    on "$node" "ip6tables-$backend-restore" -w <"$STATE/rules/$node.v6"
  done
}
