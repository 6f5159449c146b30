#!/usr/bin/python3
"""usage: ask-twice.py ROUNDS SERVER SERVER

Asks two DNS servers the same question from one socket at the same instant, from two processors.
A socket a round, until two rounds had an answer missing or there were ROUNDS of them. Prints a line
a round: which of the two answered.
"""

import mmap
import os
import socket
import struct
import sys
import time

NAME = b"\x03web\x07default\x03svc\x07cluster\x05local\x00"
PATIENCE = 1.0


def question(number):
    """An A question; the number tells the answers apart."""
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + NAME + struct.pack(">2H", 1, 1)


def send_at(shared, both, number, server):
    """Waits until it is the time that is written there, then sends."""
    while True:
        (start,) = struct.unpack_from("d", shared, 0)
        if start and time.monotonic() >= start:
            break
    both.sendto(question(number), (server, 53))


def ask(servers, processors):
    """One round: the local port, and for each server whether it answered."""
    shared = mmap.mmap(-1, 8)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as both:
        both.bind(("", 0))
        child = os.fork()
        if child == 0:
            os.sched_setaffinity(0, {processors[1]})
            send_at(shared, both, 2, servers[1])
            os._exit(0)
        os.sched_setaffinity(0, {processors[0]})
        time.sleep(0.02)
        struct.pack_into("d", shared, 0, time.monotonic() + 0.002)
        send_at(shared, both, 1, servers[0])
        os.waitpid(child, 0)
        answered = set()
        both.settimeout(PATIENCE)
        try:
            while len(answered) < 2:
                answered.add(both.recv(512)[1])
        except TimeoutError:
            pass
        return both.getsockname()[1], [number in answered for number in (1, 2)]


def main():
    rounds, servers = int(sys.argv[1]), sys.argv[2:4]
    processors = sorted(os.sched_getaffinity(0))[:2]
    if len(processors) < 2:
        sys.exit("two processors are needed for two packets at once")
    failed = 0
    for _ in range(rounds):
        port, answered = ask(servers, processors)
        words = " ".join(f"{s}={'answer' if a else 'none'}" for s, a in zip(servers, answered))
        print(f"client port {port}: {words}", flush=True)
        failed += answered != [True, True]
        if failed == 2:
            break


main()
