#!/usr/bin/python3
"""usage: request.py serve PORT | ask ADDRESS PORT SECONDS

Requests and answers of 64 bytes over one TCP connection, one at a time. ask prints how many a second.
"""

import socket
import sys
import time

SIZE = 64


def take(connection):
    """A message whole; False at the end."""
    left = SIZE
    while left:
        got = len(connection.recv(left))
        if not got:
            return False
        left -= got
    return True


def serve(port):
    """Connections one after the other."""
    with socket.create_server(("", port)) as server:
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                while take(connection):
                    connection.send(bytes(SIZE))


def ask(address, port, seconds):
    """One connection, warmed up for a tenth of the time."""
    with socket.create_connection((address, port), 5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for share in [0.1, 1]:
            count, begin = 0, time.monotonic()
            while time.monotonic() - begin < seconds * share:
                connection.send(bytes(SIZE))
                if not take(connection):
                    sys.exit("request: the server closed")
                count += 1
        return count / (time.monotonic() - begin)


if sys.argv[1:2] == ["serve"]:
    serve(int(sys.argv[2]))
elif sys.argv[1:2] == ["ask"]:
    print(ask(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
else:
    sys.exit(__doc__)
