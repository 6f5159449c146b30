#!/usr/bin/env python3
"""A pod's web server, in the background.

usage: http-server.py NAME PIDFILE [PORT]

Listens on PORT (8080) in IPv4 and IPv6. GET / answers with NAME; GET /big?bytes=N
with N bytes (200000). Every answer carries X-Pod: NAME and closes the connection.
Returns once the server has answered a request over either family, its process
number in PIDFILE. Sockets only: http.server alone takes longer to import than all this.
"""

import os
import socket
import sys
import threading

TIMEOUT = 10


def respond(connection, name):
    connection.settimeout(TIMEOUT)
    with connection:
        request = b""
        while b"\r\n\r\n" not in request and len(request) < 65536:
            received = connection.recv(4096)
            if not received:
                return
            request += received
        connection.sendall(answer(request.split(b"\r\n", 1)[0].decode("latin-1"), name))


def answer(request_line, name):
    method, _, rest = request_line.partition(" ")
    path, _, query = rest.partition(" ")[0].partition("?")
    status, body = "200 OK", f"{name}\n".encode()
    if path == "/big":
        key, _, value = query.partition("=")
        count = int(value) if key == "bytes" and value.isdigit() else 200_000
        body = b"x" * min(count, 100_000_000)
    elif path != "/":
        status, body = "404 Not Found", b"not found\n"
    head = (f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
            f"X-Pod: {name}\r\nConnection: close\r\n\r\n").encode()
    return head + (b"" if method == "HEAD" else body)


def quietly_respond(connection, name):
    try:
        respond(connection, name)
    except OSError:
        pass  # the client is gone or the path is broken: that is what the lab is for


def serve(listener, name):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=quietly_respond, args=(connection, name), daemon=True).start()


def check(address, port, name):
    """Raise OSError unless the server answers."""
    with socket.create_connection((address, port), timeout=TIMEOUT) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: pod\r\n\r\n")
        received = b""
        while chunk := client.recv(4096):
            received += chunk
    if not received.endswith(f"{name}\n".encode()):
        raise OSError(f"{name} gave an unexpected answer on [{address}]:{port}")


def main(arguments):
    if "--help" in arguments or "-h" in arguments:
        print(__doc__.strip())
        return 0
    if len(arguments) not in (2, 3):
        print("\n".join(__doc__.strip().splitlines()[:3]), file=sys.stderr)
        return 2
    name, pidfile = arguments[:2]
    port = int(arguments[2]) if len(arguments) == 3 else 8080
    listener = socket.create_server(("::", port), family=socket.AF_INET6, backlog=128,
                                    dualstack_ipv6=True)
    child = os.fork()
    if child == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        kept = listener.fileno()
        os.closerange(3, kept)
        os.closerange(kept + 1, 1024)
        serve(listener, name)
    with open(pidfile, "w", encoding="ascii") as out:
        out.write(f"{child}\n")
    listener.close()
    for address in ("127.0.0.1", "::1"):
        check(address, port, name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
