# shellcheck shell=bash disable=SC2034
NUMBER=21
TITLE='a pod calls its own Service, and nothing masquerades it'
CAUSE=hairpin
TRACE=(--svc 10.96.0.61)
TRACE_NETNS=(node1 web1)
CAPTURES=('web1 eth0 tcp')

masquerade_web1() {
  local chain handle table='ip kube-proxy'
  if [[ $(proxy_mode) != nftables ]]; then
    chain=$(iptables_on node1 -t nat -S | sed -n 's/^-A \(KUBE-SEP-[A-Z0-9]*\) -p tcp .*web-local.*-j DNAT.*/\1/p')
    iptables_on node1 -t nat "$1" "$chain" -s 10.244.1.6/32 -m comment \
      --comment default/web-local:http -j KUBE-MARK-MASQ
    return
  fi
  chain=$(on node1 nft list chains | sed -n 's/.*chain \(endpoint-[^ ]*\/web-local\/[^ ]*__10\.[^ ]*\) .*/\1/p')
  if [[ $1 == -D ]]; then
    # shellcheck disable=SC2086 # family and name
    handle=$(on node1 nft -a list chain $table "$chain" | sed -n 's/.*jump mark-for-masquerade # handle //p')
    # shellcheck disable=SC2086
    on node1 nft delete rule $table "$chain" handle "$handle"
  else
    # shellcheck disable=SC2086
    on node1 nft insert rule $table "$chain" ip saddr 10.244.1.6 jump mark-for-masquerade
  fi
}
fault() { masquerade_web1 -D; }
heal() { masquerade_web1 -I; }
traffic() { http 2 web1 http://10.96.0.61/; }
# What comes back has the pod's own address as its source: the pod does not answer that.
prove() {
  captured web1 eth0 -ge 2 'src host 10.244.1.6 and dst host 10.96.0.61'
  captured web1 eth0 -ge 2 'src host 10.244.1.6 and dst host 10.244.1.6 and dst port 8080'
  captured web1 eth0 -eq 0 'src port 8080'
}
