#!/usr/bin/python3
"""usage: flood.py ADDRESS PORT PACKETS [RATE]

Sends UDP packets of 16 bytes, so many a second or as fast as it can. Prints packets and seconds.
"""

import socket
import sys
import time


def main():
    address, port, packets = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rate = float(sys.argv[4]) if len(sys.argv) > 4 else 0
    payload = bytes(16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        out.connect((address, port))
        send, begin = out.send, time.monotonic()
        for number in range(packets):
            send(payload)
            # every 50 packets: a sleep takes longer than many packets
            if rate and number % 50 == 0:
                ahead = number / rate - (time.monotonic() - begin)
                if ahead > 0:
                    time.sleep(ahead)
        print(packets, time.monotonic() - begin)


main()
