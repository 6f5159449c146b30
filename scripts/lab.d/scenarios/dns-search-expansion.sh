# shellcheck shell=bash disable=SC2034
NUMBER=32
TITLE='a name outside the cluster is tried with every search suffix first (ndots:5)'
CAUSE=dns-search-expansion
TRACE=(--svc kube-system/kube-dns)
TRACE_NETNS=(node1 node2 client dns)
CAPTURES=('client eth0 udp port 53')

# What a pod has by default.
fault() {
  cat >"$STATE/resolv.conf" <<'END'
nameserver 10.96.0.10
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
END
  echo 'hosts: files dns' >"$STATE/nsswitch.conf"
}
heal() { rm -f "$STATE/resolv.conf" "$STATE/nsswitch.conf"; }

# resolve NAME: by the C library, with the pod's own files in a mount namespace of its own.
resolve() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  on client unshare -m sh -c '
    mount --make-rprivate /
    mount --bind "$1/resolv.conf" /etc/resolv.conf
    mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
    exec getent ahosts "$2"' sh "$STATE" "$1" |
    awk -v name="$1" '$2 == "STREAM" { addresses = addresses " " $1 }
      END { print "client getent " name " addresses=" substr(addresses, 2) }'
}
traffic() {
  resolve api.example.com
  resolve api.example.com.
}
prove() {
  seen client eth0 -eq 6 '(A|AAAA)\? api\.example\.com\.([a-z]+\.)+local\. ' 'dst port 53'
  seen client eth0 -eq 6 'NXDomain'
  seen client eth0 -eq 4 '(A|AAAA)\? api\.example\.com\. ' 'dst port 53'
  said -eq 2 'addresses=203\.0\.113\.7'
}
