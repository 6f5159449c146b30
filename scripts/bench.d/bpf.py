"""The few bpf(2) calls that the measurements need, and counts of programs and maps."""

import ctypes
import mmap
import os
import struct

# include/uapi/linux/bpf.h
PROG_LOAD, PROG_TEST_RUN, PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID = 5, 10, 13, 14
RAW_TRACEPOINT_OPEN, LINK_CREATE, ENABLE_STATS = 17, 28, 32
SCHED_CLS, RAW_TRACEPOINT, NETFILTER = 3, 17, 32  # program types
ATTACH_NETFILTER, ATTACH_TCX_INGRESS, ATTACH_TCX_EGRESS = 45, 46, 47

CLONE_NEWNET = 0x40000000
SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
LIBC = ctypes.CDLL(None, use_errno=True)


def call(command, layout, *values):
    """bpf(2) with packed attributes: the result, and the attributes as the kernel left them."""
    attributes = ctypes.create_string_buffer(struct.pack(layout, *values), 152)
    result = LIBC.syscall(SYS_BPF, command, attributes, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf command {command}")
    return result, attributes.raw


def enter(netns=None):
    """Moves this process into a named network namespace, or a new one."""
    if netns is None:
        if LIBC.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        return
    with open(f"/run/netns/{netns}", "rb") as file:
        if LIBC.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {netns}")


def load_empty(kind):
    """A program that returns at once what lets a packet pass."""
    # r0 = TCX_NEXT or NF_ACCEPT, or 0; exit
    value = {SCHED_CLS: -1, NETFILTER: 1}.get(kind, 0)
    code = struct.pack("<BBhi", 0xB7, 0, 0, value) + struct.pack("<BBhi", 0x95, 0, 0, 0)
    instructions, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    attach = ATTACH_NETFILTER if kind == NETFILTER else 0
    return call(
        PROG_LOAD, "=IIQQIIQII16sIII", kind, len(code) // 8, ctypes.addressof(instructions),
        ctypes.addressof(licence), 0, 0, 0, 0, 0, b"empty", 0, attach, 0,
    )[0]  # fmt: skip


def attach_netfilter(program, family, hook, priority):
    """A link in the current namespace."""
    return call(LINK_CREATE, "=IIII4i", program, 0, ATTACH_NETFILTER, 0, family, hook, priority, 0)[0]


def attach_tcx(program, interface, attach_type):
    """A link to a device of the current namespace."""
    return call(LINK_CREATE, "=IIII4i", program, interface, attach_type, 0, 0, 0, 0, 0)[0]


def attach_raw_tracepoint(program, name):
    """A link to a tracepoint."""
    text = ctypes.create_string_buffer(name.encode())
    return call(RAW_TRACEPOINT_OPEN, "=QI", ctypes.addressof(text), program)[0]


def enable_stats():
    """kernel.bpf_stats_enabled for as long as the descriptor is open."""
    return call(ENABLE_STATS, "=I", 0)[0]


def test_run(program, frame, repeat, family=None):
    """ns a run on an Ethernet frame; a netfilter program's, of a family, in PREROUTING."""
    data = ctypes.create_string_buffer(frame, len(frame))
    # struct nf_hook_state: hook, pf, and pointers that the kernel fills in
    state = struct.pack("=BB46x", 0, family) if family else b""
    context = ctypes.create_string_buffer(state, len(state))
    answer = call(
        PROG_TEST_RUN, "=IIIIQQIIIIQQIII", program, 0, len(frame), 0, ctypes.addressof(data), 0,
        repeat, 0, len(state), 0, ctypes.addressof(context) if state else 0, 0, 0, 0, 0,
    )[1]  # fmt: skip
    return struct.unpack_from("=I", answer, 36)[0]


def by_id(command, number):
    """A descriptor of a program or map."""
    return call(command, "=I", number)[0]


def descriptors(pid):
    """fdinfo of the BPF programs and maps a process has open: dictionaries of its lines."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{name}", encoding="ascii") as file:
                lines = dict(line.rstrip("\n").split(":", 1) for line in file if ":" in line)
        except OSError:  # closed meanwhile
            continue
        lines = {key: value.strip() for key, value in lines.items()}
        # a link's has prog_id, too
        if "prog_jited" in lines or "map_id" in lines:
            found.append(lines)
    return found


class Ring:
    """The two counters of a ring buffer map, so that it can be emptied unread."""

    def __init__(self, number):
        descriptor = by_id(MAP_GET_FD_BY_ID, number)
        self.consumer = mmap.mmap(descriptor, mmap.PAGESIZE)
        self.producer = mmap.mmap(
            descriptor, mmap.PAGESIZE, prot=mmap.PROT_READ, offset=mmap.PAGESIZE
        )
        os.close(descriptor)

    def discard(self):
        """Forgets what is in it; how many bytes that was."""
        (end,) = struct.unpack_from("=Q", self.producer)
        (begin,) = struct.unpack_from("=Q", self.consumer)
        struct.pack_into("=Q", self.consumer, 0, end)
        return end - begin
