#!/usr/bin/env python3
"""Write the rules kube-proxy (1.31 and later, nftables mode) and flannel would load.

usage: kube-nft-rules.py SERVICES OUTDIR NODE=PODS4,PODS6,NODE4,NODE6 ...

Reads the Services from a file in the format services.txt explains, and writes
OUTDIR/NODE.v4 and OUTDIR/NODE.v6 for `nft -f`, to be loaded any number of times.
PODS4 and PODS6 are the node's own pod subnets, which decide what a local endpoint is;
NODE4 and NODE6 its addresses, which accept NodePorts.
"""

import os
import sys
from ipaddress import ip_address, ip_network

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kube_services import CLUSTER, MULTICAST, digest, host, main  # noqa: E402

SERVICES = {4: "10.96.0.0/16", 6: "fd00:10:96::/112"}
IP = {4: "ip", 6: "ip6"}
ADDRESS = {4: "ipv4_addr", 6: "ipv6_addr"}
MASQUERADE_MARK = "0x4000"


def base_name(service):
    """HASH-namespace/name/protocol/port, the end of the names of all of a Service's chains."""
    name, _, port = service.name.partition(":")
    text = f"{name}/{service.protocol}/{port}"
    return f"{digest(text)[:8]}-{text}"


def endpoint_name(service, endpoint):
    """The same for an endpoint; a chain's name has no room for colons."""
    name, _, port = service.name.partition(":")
    address, _, number = endpoint.rpartition(":")
    text = f"{name}/{service.protocol}/{port}__{address.strip('[]').replace(':', '.')}/{number}"
    return f"{digest(text)[:8]}-{text}"


class Table:
    """The text of one table: objects in the order they are declared."""

    def __init__(self, family, name, comment):
        self.family, self.name, self.comment = family, name, comment
        self.sets, self.chains = {}, {}

    def set(self, name, kind, *lines):
        self.sets[name] = (kind, list(lines), [])

    def element(self, name, text):
        self.sets[name][2].append(text)

    def chain(self, name, *lines):
        self.chains.setdefault(name, []).extend(lines)

    def text(self):
        head = f"table {IP[self.family]} {self.name}"
        out = [head, f"delete {head}", f"{head} {{", f'  comment "{self.comment}"']
        for name, (kind, lines, elements) in self.sets.items():
            if elements:
                lines = [*lines, f"elements = {{ {', '.join(elements)} }}"]
            out += [f"  {kind} {name} {{", *(f"    {line}" for line in lines), "  }"]
        for name, lines in self.chains.items():
            out += [f"  chain {name} {{", *(f"    {line}" for line in lines), "  }"]
        return "\n".join([*out, "}", ""])


class KubeProxy:
    """The table kube-proxy of one node in one address family."""

    def __init__(self, family, node):
        self.family, self.ip, self.pods = family, IP[family], ip_network(node.pods[family])
        self.table = Table(family, "kube-proxy", "rules for kube-proxy")
        self.declare_sets(node.address[family])
        self.declare_hooks()
        self.declare_frame()

    def declare_sets(self, node_address):
        kind, service = ADDRESS[self.family], "inet_proto . inet_service : verdict"
        table = self.table
        table.set("cluster-ips", "set", f"type {kind}", 'comment "Active ClusterIPs"')
        table.set("nodeport-ips", "set", f"type {kind}", 'comment "IPs that accept NodePort traffic"')
        table.element("nodeport-ips", node_address)
        for name, key, comment in (
            ("firewall-ips", f"{kind} . ", "destinations that are subject to LoadBalancerSourceRanges"),
            ("no-endpoint-nodeports", "",
             "vmap to drop or reject packets to service nodeports with no endpoints"),
            ("no-endpoint-services", f"{kind} . ",
             "vmap to drop or reject packets to services with no endpoints"),
            ("service-ips", f"{kind} . ", "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
            ("service-nodeports", "", "NodePort traffic"),
        ):
            table.set(name, "map", f"type {key}{service}", f'comment "{comment}"')

    def declare_hooks(self):
        """Filtering is by the addresses before DNAT; reject works from input on only."""
        for name, kind, hook, priority, jumps in (
            ("filter-prerouting-pre-dnat", "filter", "prerouting", -110, ["firewall-check"]),
            ("filter-output-pre-dnat", "filter", "output", -110, ["firewall-check"]),
            ("filter-input", "filter", "input", 0,
             ["nodeport-endpoints-check", "service-endpoints-check"]),
            ("filter-forward", "filter", "forward", 0, ["service-endpoints-check", "cluster-ips-check"]),
            ("filter-output", "filter", "output", 0, ["service-endpoints-check", "cluster-ips-check"]),
        ):
            self.table.chain(name, f"type {kind} hook {hook} priority {priority};",
                             *(f"ct state new jump {target}" for target in jumps))
        for hook, priority, target in (("prerouting", -100, "services"), ("output", -100, "services"),
                                       ("postrouting", 100, "masquerading")):
            self.table.chain(f"nat-{hook}", f"type nat hook {hook} priority {priority};",
                             f"jump {target}")

    def declare_frame(self):
        service = f"{self.ip} daddr . meta l4proto . th dport vmap"
        node_port = f"{self.ip} daddr @nodeport-ips meta l4proto . th dport vmap"
        chain = self.table.chain
        chain("firewall-check", f"{service} @firewall-ips")
        chain("service-endpoints-check", f"{service} @no-endpoint-services")
        chain("nodeport-endpoints-check", f"{node_port} @no-endpoint-nodeports")
        chain("cluster-ips-check",
              f"{self.ip} daddr @cluster-ips reject"
              ' comment "Reject traffic to invalid ports of ClusterIPs"',
              f"{self.ip} daddr {{ {SERVICES[self.family]} }} drop"
              ' comment "Drop traffic to unallocated ClusterIPs"')
        chain("services", f"{service} @service-ips", f"{node_port} @service-nodeports")
        chain("mark-for-masquerade", f"mark set mark or {MASQUERADE_MARK}")
        chain("masquerading", f"mark and {MASQUERADE_MARK} == 0 return",
              f"mark set mark xor {MASQUERADE_MARK}", "masquerade fully-random")
        chain("reject-chain", 'comment "helper for @no-endpoint-services / @no-endpoint-nodeports"',
              "reject")

    def service(self, service):
        self.table.element("cluster-ips", service.address)
        if not service.endpoints:
            self.refuse(service, service.address, "goto reject-chain")
            return
        base, address = base_name(service), service.address
        key = f"{service.protocol} . {service.port}"
        self.table.element("service-ips", f"{address} . {key} : goto service-{base}")
        self.table.chain(
            f"service-{base}",
            f"{self.ip} daddr {address} {self.ip} saddr != {CLUSTER[self.family]}"
            " jump mark-for-masquerade")
        self.spread(service, f"service-{base}", service.endpoints)
        for endpoint in service.endpoints:
            self.endpoint(service, endpoint)
        if service.node_port:
            self.external(service)

    def refuse(self, service, address, verdict):
        """Of an address, if there is one, and of the NodePort."""
        note = f'comment "{service.name}" : {verdict}'
        if address:
            self.table.element("no-endpoint-services",
                               f"{address} . {service.protocol} . {service.port} {note}")
        if service.node_port:
            self.table.element("no-endpoint-nodeports",
                               f"{service.protocol} . {service.node_port} {note}")

    def spread(self, service, source, endpoints):
        """The ways from a Service's chain to its endpoints, affinity first."""
        names = [endpoint_name(service, endpoint) for endpoint in endpoints]
        if service.affinity:
            for name in names:
                self.table.chain(source, f"{self.ip} saddr @affinity-{name} goto endpoint-{name}")
        ways = ", ".join(f"{i} : goto endpoint-{name}" for i, name in enumerate(names))
        self.table.chain(source, f"numgen random mod {len(names)} vmap {{ {ways} }}")

    def endpoint(self, service, endpoint):
        name = endpoint_name(service, endpoint)
        rules = [f"{self.ip} saddr {host(endpoint)} jump mark-for-masquerade"]
        if service.affinity:
            self.table.set(f"affinity-{name}", "set", f"type {ADDRESS[self.family]}",
                           "flags dynamic,timeout", f"timeout {service.affinity}s")
            rules.append(f"update @affinity-{name} {{ {self.ip} saddr }}")
        rules.append(f"meta l4proto {service.protocol} dnat to {endpoint}")
        self.table.chain(f"endpoint-{name}", *rules)

    def external(self, service):
        base = base_name(service)
        source, target = f"external-{base}", f"service-{base}"
        key = f"{service.protocol} . {service.node_port}"
        self.table.element("service-nodeports", f"{key} : goto {source}")
        if not service.local_only:
            self.table.chain(source, "jump mark-for-masquerade", f"goto {target}")
            return
        self.table.chain(
            source,
            f'{self.ip} saddr {CLUSTER[self.family]} goto {target} comment "short-circuit pod traffic"',
            'fib saddr type local jump mark-for-masquerade comment "masquerade local traffic"',
            f'fib saddr type local goto {target} comment "short-circuit local traffic"')
        local = [e for e in service.endpoints if ip_address(host(e)) in self.pods]
        if local:
            self.table.chain(source, f"goto local-{base}")
            self.spread(service, f"local-{base}", local)
        else:
            self.refuse(service, None, "drop")


def flannel(family):
    """What leaves the pod network is masqueraded."""
    table = Table(family, f"flannel-ipv{family}", "flannel rules")
    pods, ip = CLUSTER[family], IP[family]
    table.chain("postrtg", "type nat hook postrouting priority 100;",
                f"meta mark {MASQUERADE_MARK} return",
                f"{ip} saddr {pods} {ip} daddr {pods} return",
                f"{ip} saddr {pods} {ip} daddr != {MULTICAST[family]} masquerade fully-random")
    return table.text()


def rules_for(services, family, node):
    rules = KubeProxy(family, node)
    for service in services:
        rules.service(service)
    return rules.table.text() + flannel(family)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__, rules_for))
