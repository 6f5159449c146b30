#!/usr/bin/env python3
"""Write the iptables rules kube-proxy (1.24 and later, iptables mode) would load.

usage: kube-rules.py SERVICES OUTDIR NODE=PODS4,PODS6,NODE4,NODE6 ...

Reads the Services from a file in the format services.txt explains, and writes
OUTDIR/NODE.v4 and OUTDIR/NODE.v6 for iptables-restore and ip6tables-restore.
PODS4 and PODS6 are the node's own pod subnets, which decide what a local endpoint is;
NODE4 and NODE6 its addresses, which iptables mode does not ask for.
"""

import os
import sys
from ipaddress import ip_address, ip_network

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kube_services import CLUSTER, MULTICAST, digest, host, main  # noqa: E402

LOOPBACK = {4: "127.0.0.0/8", 6: "::1/128"}
HOST_BITS = {4: 32, 6: 128}
REJECT = {4: "icmp-port-unreachable", 6: "icmp6-port-unreachable"}


def chain(kind, *parts):
    """KUBE-KIND- and 16 characters of the digest, as kube-proxy names its chains."""
    return f"KUBE-{kind}-{digest(*parts)[:16]}"


def service_chain(service, kind):
    return chain(kind, service.name, service.protocol)


def endpoint_chain(service, endpoint):
    return chain("SEP", service.name, service.protocol, endpoint)


def comment(text):
    return f'-m comment --comment "{text}"'


class Rules:
    """The rules of one node in one address family."""

    def __init__(self, family, node_pods):
        self.family = family
        self.node_pods = ip_network(node_pods)
        self.chains = {"filter": [], "nat": []}
        self.rules = {"filter": [], "nat": []}

    def add(self, table, *rule):
        self.rules[table].append("-A " + " ".join(rule))

    def declare(self, table, *chains):
        self.chains[table].extend(chains)

    def filter_frame(self):
        self.declare("filter", "KUBE-EXTERNAL-SERVICES", "KUBE-FIREWALL", "KUBE-FORWARD",
                     "KUBE-NODEPORTS", "KUBE-PROXY-CANARY", "KUBE-PROXY-FIREWALL", "KUBE-SERVICES")
        new = "-m conntrack --ctstate NEW"
        firewall = f"{new} {comment('kubernetes load balancer firewall')} -j KUBE-PROXY-FIREWALL"
        portals = f"{new} {comment('kubernetes service portals')} -j KUBE-SERVICES"
        external = (f"{new} {comment('kubernetes externally-visible service portals')}"
                    " -j KUBE-EXTERNAL-SERVICES")
        health = f"{comment('kubernetes health check service ports')} -j KUBE-NODEPORTS"
        forwarding = comment("kubernetes forwarding rules")
        loopback = LOOPBACK[self.family]
        for rule in (firewall, health, external, "-j KUBE-FIREWALL"):
            self.add("filter", "INPUT", rule)
        for rule in (firewall, f"{forwarding} -j KUBE-FORWARD", portals, external):
            self.add("filter", "FORWARD", rule)
        for rule in (firewall, portals, "-j KUBE-FIREWALL"):
            self.add("filter", "OUTPUT", rule)
        self.add("filter", "KUBE-FIREWALL", f"! -s {loopback} -d {loopback}",
                 comment("block incoming localnet connections"),
                 "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP")
        self.add("filter", "KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP")
        self.add("filter", "KUBE-FORWARD", forwarding, "-m mark --mark 0x4000/0x4000 -j ACCEPT")
        self.add("filter", "KUBE-FORWARD", comment("kubernetes forwarding conntrack rule"),
                 "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")

    def nat_frame(self):
        self.declare("nat", "FLANNEL-POSTRTG", "KUBE-MARK-MASQ", "KUBE-NODEPORTS",
                     "KUBE-POSTROUTING", "KUBE-PROXY-CANARY", "KUBE-SERVICES")
        portals = comment("kubernetes service portals")
        flannel = comment("flanneld masq")
        pods = CLUSTER[self.family]
        self.add("nat", "PREROUTING", portals, "-j KUBE-SERVICES")
        self.add("nat", "OUTPUT", portals, "-j KUBE-SERVICES")
        self.add("nat", "POSTROUTING", comment("kubernetes postrouting rules"),
                 "-j KUBE-POSTROUTING")
        self.add("nat", "POSTROUTING", flannel, "-j FLANNEL-POSTRTG")
        self.add("nat", "FLANNEL-POSTRTG", f"-s {pods} -d {pods}", flannel, "-j RETURN")
        self.add("nat", "FLANNEL-POSTRTG", f"-s {pods} ! -d {MULTICAST[self.family]}", flannel,
                 "-j MASQUERADE --random-fully")
        self.add("nat", "KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000")
        self.add("nat", "KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN")
        self.add("nat", "KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0")
        self.add("nat", "KUBE-POSTROUTING", comment("kubernetes service traffic requiring SNAT"),
                 "-j MASQUERADE --random-fully")

    def close_nat(self):
        note = "kubernetes service nodeports; NOTE: this must be the last rule in this chain"
        self.add("nat", "KUBE-SERVICES", comment(note),
                 "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")

    def address(self, service):
        return f"{service.address}/{HOST_BITS[self.family]}"

    def service(self, service):
        if not service.endpoints:
            self.without_endpoints(service)
            return
        protocol = f"-p {service.protocol}"
        portal = (f"-d {self.address(service)} {protocol} {comment(service.name + ' cluster IP')}"
                  f" -m {service.protocol} --dport {service.port}")
        target = service_chain(service, "SVC")
        self.declare("nat", target)
        self.add("nat", "KUBE-SERVICES", portal, "-j", target)
        self.add("nat", target, f"! -s {CLUSTER[self.family]}", portal, "-j KUBE-MARK-MASQ")
        self.spread(service, target, service.endpoints)
        for endpoint in service.endpoints:
            self.endpoint(service, endpoint)
        if service.node_port:
            self.external(service)

    def without_endpoints(self, service):
        reason = comment(service.name + " has no endpoints")
        reject = f"-j REJECT --reject-with {REJECT[self.family]}"
        proto = service.protocol
        self.add("filter", f"KUBE-SERVICES -d {self.address(service)} -p {proto}", reason,
                 f"-m {proto} --dport {service.port}", reject)
        if service.node_port:
            self.add("filter", f"KUBE-EXTERNAL-SERVICES -p {proto}", reason,
                     f"-m {proto} -m addrtype --dst-type LOCAL --dport {service.node_port}", reject)

    def spread(self, service, source, endpoints):
        """The jumps from a Service's chain to those of its endpoints, affinity first."""
        if service.affinity:
            for endpoint in endpoints:
                target = endpoint_chain(service, endpoint)
                self.add("nat", source, comment(f"{service.name} -> {endpoint}"),
                         f"-m recent --rcheck --seconds {service.affinity} --reap --name {target}",
                         "-j", target)
        for left, endpoint in zip(range(len(endpoints), 0, -1), endpoints):
            choice = f"-m statistic --mode random --probability {1 / left:.10f} " if left > 1 else ""
            self.add("nat", source, comment(f"{service.name} -> {endpoint}"),
                     choice + "-j", endpoint_chain(service, endpoint))

    def endpoint(self, service, endpoint):
        source = endpoint_chain(service, endpoint)
        remember = f"-m recent --set --name {source} " if service.affinity else ""
        self.declare("nat", source)
        self.add("nat", source, f"-s {host(endpoint)}/{HOST_BITS[self.family]}",
                 comment(service.name), "-j KUBE-MARK-MASQ")
        self.add("nat", source, f"-p {service.protocol}", comment(service.name),
                 f"{remember}-m {service.protocol} -j DNAT --to-destination {endpoint}")

    def external(self, service):
        source, name = service_chain(service, "EXT"), service.name
        self.declare("nat", source)
        self.add("nat", f"KUBE-NODEPORTS -p {service.protocol}", comment(name),
                 f"-m {service.protocol} --dport {service.node_port} -j {source}")
        if not service.local_only:
            note = comment(f"masquerade traffic for {name} external destinations")
            self.add("nat", source, note, "-j KUBE-MARK-MASQ")
            self.add("nat", source, "-j", service_chain(service, "SVC"))
            return
        self.add("nat", source, f"-s {CLUSTER[self.family]}",
                 comment(f"pod traffic for {name} external destinations"),
                 "-j", service_chain(service, "SVC"))
        self.add("nat", source, comment(f"masquerade LOCAL traffic for {name} external destinations"),
                 "-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ")
        self.add("nat", source, comment(f"route LOCAL traffic for {name} external destinations"),
                 "-m addrtype --src-type LOCAL -j", service_chain(service, "SVC"))
        local = [e for e in service.endpoints if ip_address(host(e)) in self.node_pods]
        if local:
            self.declare("nat", service_chain(service, "SVL"))
            self.add("nat", source, "-j", service_chain(service, "SVL"))
            self.spread(service, service_chain(service, "SVL"), local)
        else:
            self.add("filter", f"KUBE-EXTERNAL-SERVICES -p {service.protocol}",
                     comment(f"{name} has no local endpoints"), f"-m {service.protocol}",
                     f"-m addrtype --dst-type LOCAL --dport {service.node_port} -j DROP")

    def text(self):
        builtin = {"filter": ("INPUT", "FORWARD", "OUTPUT"),
                   "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}
        lines = []
        for table, chains in self.chains.items():
            lines.append(f"*{table}")
            lines += [f":{name} ACCEPT [0:0]" for name in builtin[table]]
            lines += [f":{name} - [0:0]" for name in sorted(chains)]
            lines += self.rules[table]
            lines.append("COMMIT")
        return "\n".join(lines) + "\n"


def rules_for(services, family, node):
    rules = Rules(family, node.pods[family])
    rules.filter_frame()
    rules.nat_frame()
    for service in services:
        rules.service(service)
    rules.close_nat()
    return rules.text()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__, rules_for))
