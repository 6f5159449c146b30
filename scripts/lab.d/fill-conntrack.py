#!/usr/bin/python3
"""usage: fill-conntrack.py SECONDS

Fills the conntrack table of this namespace up to nf_conntrack_max, with UDP entries that the kernel
won't evict for new ones and that last for SECONDS. The limit is every namespace's, the count each
one's own: nobody else is short of room. Prints how many entries there are then.
"""

import socket
import struct
import sys

NETLINK_NETFILTER = 12
BATCH = 500
NESTED = 0x8000
SYSCTL = "/proc/sys/net/netfilter/nf_conntrack_"


def sysctl(name):
    with open(SYSCTL + name) as file:
        return int(file.read())


def attribute(kind, data):
    """struct nlattr with its data, padded to 4."""
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def tuple_of(source, destination, source_port, destination_port):
    """CTA_TUPLE_*: CTA_TUPLE_IP and CTA_TUPLE_PROTO of a UDP packet."""
    addresses = attribute(1, source) + attribute(2, destination)
    ports = attribute(1, bytes([socket.IPPROTO_UDP]))
    ports += attribute(2, struct.pack(">H", source_port))
    ports += attribute(3, struct.pack(">H", destination_port))
    return attribute(1 | NESTED, addresses) + attribute(2 | NESTED, ports)


def entry(index, seconds):
    """IPCTNL_MSG_CT_NEW for the index-th entry, from addresses meant for benchmarks."""
    client = bytes([198, 18, index >> 8 & 255, index & 255])
    server = bytes([198, 19, index >> 24 & 255, index >> 16 & 255])
    body = struct.pack("=BBH", socket.AF_INET, 0, 0)  # struct nfgenmsg
    body += attribute(1 | NESTED, tuple_of(client, server, 1024, 53))
    body += attribute(2 | NESTED, tuple_of(server, client, 53, 1024))
    body += attribute(3, struct.pack(">I", 2 | 4 | 8))  # SEEN_REPLY, ASSURED, CONFIRMED
    body += attribute(7, struct.pack(">I", seconds))
    # NFNL_SUBSYS_CTNETLINK, NLM_F_REQUEST | NLM_F_EXCL | NLM_F_CREATE
    return struct.pack("=IHHII", 16 + len(body), 1 << 8, 0x1 | 0x200 | 0x400, index, 0) + body


def main():
    seconds, limit = int(sys.argv[1]), sysctl("max")
    if limit > 1 << 20:
        sys.exit(f"nf_conntrack_max is {limit}: that takes too much memory for a demo")
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    index = 0
    while (room := limit - sysctl("count")) > 0 and index < 2 * limit:
        count = min(room, BATCH)
        netlink.send(b"".join(entry(index + i, seconds) for i in range(count)))
        index += count
    print(sysctl("count"))


main()
