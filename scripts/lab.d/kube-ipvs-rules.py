#!/usr/bin/env python3
"""Write what kube-proxy (1.27 and later, IPVS mode) would give the kernel.

usage: kube-ipvs-rules.py SERVICES OUTDIR NODE=PODS4,PODS6,NODE4,NODE6 ...

Reads the Services from a file in the format services.txt explains, and writes for IPv4 (v4) and
IPv6 (v6)
  OUTDIR/NODE.v4         the few iptables rules, for iptables-restore
  OUTDIR/NODE.v4.ipset   the sets those ask, for ipset restore
  OUTDIR/NODE.v4.ipvs    virtual and real servers, for ipvsadm -R
  OUTDIR/NODE.v4.ip      the addresses of kube-ipvs0, for ip -batch
PODS4 and PODS6 are the node's own pod subnets, which decide what a local endpoint is;
NODE4 and NODE6 its addresses, at which NodePorts are virtual servers, too.
"""

import os
import sys
from ipaddress import ip_address, ip_network

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kube_services import CLUSTER, MULTICAST, host, main  # noqa: E402

REJECT = {4: "icmp-port-unreachable", 6: "icmp6-port-unreachable"}
SETS = {
    "CLUSTER-IP": "hash:ip,port",
    "LOOP-BACK": "hash:ip,port,ip",
    "IPVS-IPS": "hash:ip",
    "NODE-PORT-TCP": "bitmap:port",
    "NODE-PORT-UDP": "bitmap:port",
    "NODE-PORT-LOCAL-TCP": "bitmap:port",
    "NODE-PORT-LOCAL-UDP": "bitmap:port",
}


def set_name(name, family):
    return f"KUBE-{name}" if family == 4 else f"KUBE-6-{name}"


def at(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def local(endpoints, family, node):
    pods = ip_network(node.pods[family])
    return [e for e in endpoints if ip_address(host(e)) in pods]


def rules_for(services, family, node):
    """The rules themselves do not change with the Services: their sets do."""
    pods = CLUSTER[family]

    def of_set(name, what):
        return f"-m set --match-set {set_name(name, family)} {what}"

    def node_port(protocol, name, verdict):
        kind = f"{name}-{protocol.upper()}"
        note = f"Kubernetes nodeport {protocol.upper()} port" + (
            " with externalTrafficPolicy=local" if "LOCAL" in name else " for masquerade purpose")
        return (f'-A KUBE-NODE-PORT -p {protocol} -m comment --comment "{note}"'
                f" {of_set(kind, 'dst')} -j {verdict}")

    return "\n".join([
        "*filter",
        ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]",
        ":KUBE-FIREWALL - [0:0]", ":KUBE-FORWARD - [0:0]", ":KUBE-IPVS-FILTER - [0:0]",
        ":KUBE-NODE-PORT - [0:0]", ":KUBE-PROXY-FIREWALL - [0:0]",
        '-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER',
        '-A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL',
        '-A INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT',
        "-A INPUT -j KUBE-FIREWALL",
        '-A FORWARD -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL',
        '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
        "-A OUTPUT -j KUBE-FIREWALL",
        '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules"'
        " -m mark --mark 0x4000/0x4000 -j ACCEPT",
        '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule"'
        " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        f"-A KUBE-IPVS-FILTER {of_set('CLUSTER-IP', 'dst,dst')} -j RETURN",
        f"-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW {of_set('IPVS-IPS', 'dst')}"
        f" -j REJECT --reject-with {REJECT[family]}",
        "COMMIT",
        "*nat",
        ":PREROUTING ACCEPT [0:0]", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]",
        ":POSTROUTING ACCEPT [0:0]", ":FLANNEL-POSTRTG - [0:0]", ":KUBE-MARK-MASQ - [0:0]",
        ":KUBE-NODE-PORT - [0:0]", ":KUBE-POSTROUTING - [0:0]", ":KUBE-SERVICES - [0:0]",
        '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
        '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
        f'-A FLANNEL-POSTRTG -s {pods} -d {pods} -m comment --comment "flanneld masq" -j RETURN',
        f"-A FLANNEL-POSTRTG -s {pods} ! -d {MULTICAST[family]} -m comment"
        ' --comment "flanneld masq" -j MASQUERADE --random-fully',
        "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
        *(node_port(protocol, "NODE-PORT-LOCAL", "RETURN") for protocol in ("tcp", "udp")),
        *(node_port(protocol, "NODE-PORT", "KUBE-MARK-MASQ") for protocol in ("tcp", "udp")),
        '-A KUBE-POSTROUTING -m comment --comment "Kubernetes endpoints dst ip:port, source ip for'
        f' solving hairpin purpose" {of_set("LOOP-BACK", "dst,dst,src")} -j MASQUERADE',
        "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
        '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT"'
        " -j MASQUERADE --random-fully",
        f'-A KUBE-SERVICES ! -s {pods} -m comment --comment "Kubernetes service cluster ip + port'
        f' for masquerade purpose" {of_set("CLUSTER-IP", "dst,dst")} -j KUBE-MARK-MASQ',
        "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT",
        f"-A KUBE-SERVICES {of_set('CLUSTER-IP', 'dst,dst')} -j ACCEPT",
        "COMMIT", ""])


def sets_for(services, family, node):
    lines = []
    for name, kind in SETS.items():
        what = "range 0-65535" if kind.startswith("bitmap") else (
            f"family inet{'6' if family == 6 else ''} hashsize 1024 maxelem 65536")
        lines.append(f"create {set_name(name, family)} {kind} {what} -exist")
        lines.append(f"flush {set_name(name, family)}")

    def add(name, entry):
        lines.append(f"add {set_name(name, family)} {entry} -exist")

    for service in services:
        add("CLUSTER-IP", f"{service.address},{service.protocol}:{service.port}")
        add("IPVS-IPS", service.address)
        for endpoint in local(service.endpoints, family, node):
            port = endpoint.rsplit(":", 1)[1]
            add("LOOP-BACK", f"{host(endpoint)},{service.protocol}:{port},{host(endpoint)}")
        if service.node_port:
            kind = service.protocol.upper()
            add(f"NODE-PORT-{kind}", service.node_port)
            if service.local_only:
                add(f"NODE-PORT-LOCAL-{kind}", service.node_port)
    return "\n".join(lines) + "\n"


def servers_for(services, family, node):
    lines = []

    def server(service, address, port, endpoints):
        where = f"-{service.protocol[0]} {at(address, port)}"
        persistent = f" -p {service.affinity}" if service.affinity else ""
        lines.append(f"-A {where} -s rr{persistent}")
        lines.extend(f"-a {where} -r {endpoint} -m -w 1" for endpoint in endpoints)

    for service in services:
        server(service, service.address, service.port, service.endpoints)
        if service.node_port:
            endpoints = service.endpoints
            if service.local_only:
                endpoints = local(endpoints, family, node)
            for address in (node.address[family], str(ip_network(node.pods[family])[1])):
                server(service, address, service.node_port, endpoints)
    return "\n".join(lines) + "\n"


def addresses_for(services, family, node):
    """kube-proxy leaves the device down: that of an address on it makes it local all the same."""
    bits = 32 if family == 4 else 128
    addresses = dict.fromkeys(service.address for service in services)
    return "".join(f"address replace {a}/{bits} dev kube-ipvs0\n" for a in addresses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__, rules_for,
                  ipset=sets_for, ipvs=servers_for, ip=addresses_for))
