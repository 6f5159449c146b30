#!/usr/bin/python3
"""usage: count-packets.py DEVICE LENGTH first|last|PRIORITY

Stands for another agent on a device of this namespace: BPF programs that count the packets of LENGTH
bytes, both ways, and pass every packet on. They are tcx links before or behind all there are, or
filters of the device's clsact qdisc with that priority, which go with the qdisc. Prints "counting",
and upon SIGTERM how many came in and went out.
"""

import ctypes
import os
import platform
import signal
import socket
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
MAP_CREATE, MAP_LOOKUP, PROG_LOAD, LINK_CREATE = 0, 1, 5, 28
MAP_TYPE_ARRAY, PROG_TYPE_SCHED_CLS = 2, 3
TCX = {"in": 46, "out": 47}  # BPF_TCX_INGRESS, BPF_TCX_EGRESS
CLSACT = {"in": 0xFFFFFFF2, "out": 0xFFFFFFF3}
PLACE = {"first": 8, "last": 16}  # BPF_F_BEFORE, BPF_F_AFTER: relative to nothing, all

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, *fields):
    """Numbers are 32 bits wide, pointers and pairs 64."""
    data = b"".join(struct.pack("=I", field) if isinstance(field, int) else field for field in fields)
    attribute = ctypes.create_string_buffer(data, 128)
    result = libc.syscall(SYS_BPF, command, attribute, 128)
    if result < 0:
        sys.exit(f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return result


def pointer(buffer):
    return struct.pack("=Q", ctypes.addressof(buffer))


def counter():
    """A map of one number."""
    return bpf(MAP_CREATE, MAP_TYPE_ARRAY, 4, 8, 1)


def program(table, length):
    """Counts into the map, and returns -1: TCX_NEXT, TC_ACT_UNSPEC."""
    code = [
        (0x61, 0x12, 0, 0),  # r2 = skb->len
        (0x55, 0x02, 9, length),  # if r2 != length goto the end
        (0x62, 0x0A, -4, 0),  # *(u32 *)(r10 - 4) = 0
        (0xBF, 0xA2, 0, 0),  # r2 = r10
        (0x07, 0x02, 0, -4),  # r2 += -4
        (0x18, 0x11, 0, table),  # r1 = map
        (0x00, 0x00, 0, 0),
        (0x85, 0x00, 0, 1),  # r0 = bpf_map_lookup_elem(r1, r2)
        (0x15, 0x00, 2, 0),  # if r0 == 0 goto the end
        (0xB7, 0x01, 0, 1),  # r1 = 1
        (0xDB, 0x10, 0, 0),  # atomic *(u64 *)r0 += r1
        (0xB7, 0x00, 0, -1),  # the end: return -1
        (0x95, 0x00, 0, 0),
    ]
    text = ctypes.create_string_buffer(b"".join(struct.pack("=BBhi", *line) for line in code))
    licence = ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, PROG_TYPE_SCHED_CLS, len(code), pointer(text), pointer(licence))


def attribute(kind, data):
    """struct nlattr with its data, padded to 4."""
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def add_filter(device, parent, priority, descriptor):
    """RTM_NEWTFILTER for all protocols: TCA_BPF_FD, TCA_BPF_NAME, TCA_BPF_FLAGS direct action."""
    options = attribute(6, struct.pack("=I", descriptor)) + attribute(7, b"counter\0")
    options += attribute(8, struct.pack("=I", 1))
    info = priority << 16 | socket.htons(3)
    body = struct.pack("=BBHiIII", 0, 0, 0, device, 0, parent, info)
    body += attribute(1, b"bpf\0") + attribute(2, options)
    # NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
    header = struct.pack("=IHHII", 16 + len(body), 44, 0x1 | 0x4 | 0x200 | 0x400, 1, 0)
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    netlink.send(header + body)
    error = struct.unpack_from("=i", netlink.recv(4096), 16)[0]
    if error:
        sys.exit(f"filter {priority}: {os.strerror(-error)}")


def count(table):
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(8)
    bpf(MAP_LOOKUP, table, 0, pointer(key), pointer(value))
    return struct.unpack("=Q", value.raw)[0]


def main():
    name, length, place = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    device = socket.if_nametoindex(name)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    tables = []
    for way in ("in", "out"):
        tables.append(counter())
        descriptor = program(tables[-1], length)
        if place in PLACE:
            bpf(LINK_CREATE, descriptor, device, TCX[way], PLACE[place])
        else:
            add_filter(device, CLSACT[way], int(place), descriptor)
    print("counting", flush=True)
    signal.sigwait([signal.SIGTERM])
    print(*map(count, tables), flush=True)


main()
