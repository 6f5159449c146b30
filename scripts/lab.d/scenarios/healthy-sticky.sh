# shellcheck shell=bash disable=SC2034
NUMBER=31
TITLE='sessionAffinity ClientIP: one client, one endpoint'
TRACE=(--svc default/web-sticky)
TRACE_NETNS=(node1 node2 client web1 web2 web3)

heal() {
  local set
  if [[ $(proxy_mode) == nftables ]]; then
    for set in $(on node1 nft list sets ip | grep -o 'affinity-[^ ]*'); do
      on node1 nft flush set ip kube-proxy "$set"
    done
    return
  fi
  # kube-proxy's rules stay; what they remember does not.
  # shellcheck disable=SC2016 # expanded by the inner shell
  on node1 sh -c 'for list in /proc/net/xt_recent/KUBE-SEP-*; do echo / >"$list"; done'
}
traffic() { http 6 client http://10.96.0.63/; }
# All to one endpoint, and the kernel has it in its list.
prove() {
  said -eq 6 'status=200'
  expect "$(grep -o 'pod=web-[123]' "$PROOF_DIR/traffic" | sort -u | wc -l)" -eq 1 'endpoints taken'
  expect "$(on node1 sh -c 'grep -l src=10.244.1.5 /proc/net/xt_recent/KUBE-SEP-*' | wc -l)" -eq 1 \
    'lists of /proc/net/xt_recent in node1 with the client'
}
