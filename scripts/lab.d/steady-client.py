#!/usr/bin/python3
"""usage: steady-client.py ADDRESS PORT

Asks a web server for its page, over one connection after the other, a hundred a second at most,
until SIGTERM. Prints a line for each that was not answered, and how many were.
"""

import signal
import socket
import sys
import time

# Long enough for three retransmitted SYNs.
PATIENCE = 10.0

is_over = False


def stop(*_):
    global is_over
    is_over = True


def ask(address):
    """One connection to its end; what is wrong with it, or None."""
    try:
        with socket.create_connection(address, PATIENCE) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
    except OSError as error:
        return f"{type(error).__name__} {error}"
    return None if answer.startswith(b"HTTP/1.1 200 ") else f"answered {answer[:40]!r}"


def main():
    signal.signal(signal.SIGTERM, stop)
    answered = 0
    while not is_over:
        if wrong := ask((sys.argv[1], int(sys.argv[2]))):
            print(wrong)
        else:
            answered += 1
        time.sleep(0.01)  # conntrack remembers each for a while, and has not much room
    print(answered)


main()
