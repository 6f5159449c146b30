# shellcheck shell=bash
# kube-proxy's rules on the nodes.

# write_rules [FILE]: those of services.txt or FILE, for every node, into $STATE/rules.
write_rules() {
  "$PYTHON" -I -S "$LAB_DIR/kube-rules.py" "${1:-$LAB_DIR/services.txt}" "$STATE/rules" \
    node1=10.244.1.0/24,fd00:10:244:1::/64 node2=10.244.2.0/24,fd00:10:244:2::/64
}

# load_rules: what write_rules wrote.
load_rules() {
  local node backend
  backend=$(iptables_backend)
  for node in "${NODES[@]}"; do
    on "$node" "iptables-$backend-restore" -w <"$STATE/rules/$node.v4"
    on "$node" "ip6tables-$backend-restore" -w <"$STATE/rules/$node.v6"
  done
}
