"""The lab's Services and the ways kube-proxy names things, for the scripts that write its rules."""

import base64
import hashlib
import sys

CLUSTER = {4: "10.244.0.0/16", 6: "fd00:10:244::/56"}
MULTICAST = {4: "224.0.0.0/4", 6: "ff00::/8"}


def digest(*parts):
    """The base32 of the SHA-256, of which kube-proxy's chains carry the beginning."""
    return base64.b32encode(hashlib.sha256("".join(parts).encode()).digest()).decode()


def version(address):
    return 6 if ":" in address else 4


def host(endpoint):
    return endpoint.rsplit(":", 1)[0].strip("[]")


class Service:
    """One port of a Service, in one address family; `address` is None if it has none there."""

    def __init__(self, line, family):
        self.name, self.protocol, *pairs = line.split()
        options = dict(pair.split("=", 1) for pair in pairs)
        addresses = [a for a in options["address"].split(",") if version(a) == family]
        self.address = addresses[0] if addresses else None
        self.port = options["port"]
        self.node_port = options.get("nodeport")
        self.local_only = options.get("external") == "local"
        self.affinity = options.get("affinity")
        endpoints = [e for e in options.get("endpoints", "").split(",") if e]
        self.endpoints = [e for e in endpoints if version(host(e)) == family]


class Node:
    """NAME=PODS4,PODS6,NODE4,NODE6: a node's own pod subnets and addresses."""

    def __init__(self, text):
        self.name, _, values = text.partition("=")
        pods4, pods6, node4, node6 = values.split(",")
        self.pods = {4: pods4, 6: pods6}
        self.address = {4: node4, 6: node6}


def main(arguments, usage, rules_for, **more):
    """Writes OUTDIR/NODE.v4 and OUTDIR/NODE.v6 by rules_for(services, family, node), and
    OUTDIR/NODE.v4.KIND by a function KIND=… of the same kind."""
    if "--help" in arguments or "-h" in arguments:
        print(usage.strip())
        return 0
    if len(arguments) < 3:
        print("\n".join(usage.strip().splitlines()[:3]), file=sys.stderr)
        return 2
    services, outdir, *nodes = arguments
    with open(services, encoding="utf-8") as source:
        lines = [line for line in source if line.strip() and not line.startswith("#")]
    for node in map(Node, nodes):
        for family in (4, 6):
            ports = [Service(line, family) for line in lines]
            ports = [port for port in ports if port.address]
            for kind, text_for in {"": rules_for, **more}.items():
                name = f"{outdir}/{node.name}.v{family}" + (f".{kind}" if kind else "")
                with open(name, "w", encoding="utf-8") as out:
                    out.write(text_for(ports, family, node))
    return 0
