"""What the measurements share: the tracer as a child, the lab, packets, results."""

import json
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
KFLOWTRACE = str(Path(os.environ.get("KFT_BIN", SCRIPTS.parent / ".build/release")) / "kflowtrace")
PREFIX = os.environ.get("KFT_LAB_PREFIX", "kftb")
STATE = Path(os.environ.get("XDG_RUNTIME_DIR", "/run")) / "kflowtrace-lab" / PREFIX


def remark(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def result(name, value, unit, target=None, note=None, **more):
    """A result in the form that scripts/bench describes; the target is like "<= 50"."""
    met = None
    if target and value is not None:
        limit = float(target.split()[1].replace(",", ""))
        met = value <= limit if target.startswith("<=") else value >= limit
    value = value if value is None else round(value, 3)
    return {
        "name": name, "value": value, "unit": unit, "target": target, "met": met, "note": note,
        **more,
    }  # fmt: skip


def median(values):
    return statistics.median(values) if values else None


# what else runs here disturbs all of them less, and no one more than another
os.nice(-15)


class Tracer:
    """kflowtrace or another tracer, from when it says that it is attached."""

    def __init__(self, *arguments, program=KFLOWTRACE, ready="tracing", patience=60):
        self.output = tempfile.TemporaryFile("w+")
        self.errors = tempfile.NamedTemporaryFile("w+")
        # a child of a background job is born ignoring SIGINT
        self.process = subprocess.Popen(
            [program, *arguments], stdout=self.output, stderr=self.errors,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        end = time.monotonic() + patience
        while ready not in self.said():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                sys.exit(f"bench: error: {program} did not start: {self.said()}")
            time.sleep(0.02)

    def said(self):
        """What it has said so far."""
        return Path(self.errors.name).read_text(errors="replace") + self.told()

    def told(self):
        return os.pread(self.output.fileno(), 1 << 20, 0).decode(errors="replace")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        """Ends it as Ctrl-C does; with --json its summary."""
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit("bench: error: the tracer did not end")
        self.output.seek(0)
        line = "{}"
        for line in self.output:
            pass
        self.errors.close()
        self.output.close()
        try:
            return json.loads(line)
        except ValueError:
            return {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


def bpftrace(script):
    """bpftrace with a script that prints "tracing" when it begins."""
    # tracepoints are attached through tracefs, here in a mount namespace of its own
    command = 'mount -t tracefs tracefs /sys/kernel/tracing; exec bpftrace -e "$1"'
    return Tracer("-m", "sh", "-c", command, "sh", script, program="unshare")


class Lab:
    """A lab of our own, with other servers in web1 and web2 than its web servers."""

    def __enter__(self):
        self.children = []
        self.script("up")
        for pod in ["web1", "web2"]:
            os.kill(int((STATE / "pids" / pod).read_text()), signal.SIGTERM)
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
        self.script("down")

    @staticmethod
    def script(command):
        environment = {**os.environ, "KFT_LAB_PREFIX": PREFIX}
        done = subprocess.run(
            [SCRIPTS / "lab", command], env=environment, capture_output=True, check=False
        )
        if done.returncode:
            sys.exit(f"bench: error: scripts/lab {command}: {done.stderr.decode()}")

    @staticmethod
    def netns(name):
        return f"{PREFIX}-{name}"

    def inside(self, name, *command):
        """The command that runs another one in a namespace of the lab."""
        return ["nsenter", f"--net=/run/netns/{self.netns(name)}", "--", *command]

    def serve(self, name, *command):
        """A server in a pod, at port 8080 alone."""
        self.await_port(name, False)
        child = subprocess.Popen(
            self.inside(name, *command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.children.append(child)
        self.await_port(name, True)
        return child

    def await_port(self, name, is_open):
        """Waits until somebody listens at port 8080, or nobody."""
        for _ in range(200):
            if bool(self.output(name, "ss", "-Hltn", "sport = :8080")) == is_open:
                return
            time.sleep(0.05)
        sys.exit(f"bench: error: port 8080 of {name} is {'closed' if is_open else 'taken'}")

    def end(self, child):
        child.kill()
        child.wait()
        self.children.remove(child)

    def output(self, name, *command, feed=b""):
        """What a command in a namespace of the lab prints."""
        done = subprocess.run(
            self.inside(name, *command), input=feed, capture_output=True, timeout=60, check=False
        )
        if done.returncode:
            sys.exit(f"bench: error: {' '.join(command)}: {done.stderr.decode()}{done.stdout.decode()}")
        return done.stdout.decode()


def ethernet(kind, payload):
    return bytes.fromhex("020000000001020000000002") + struct.pack(">H", kind) + payload


def ipv4(source, destination, protocol, payload):
    header = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0x4000, 64, protocol, 0,
        bytes(map(int, source.split("."))), bytes(map(int, destination.split("."))),
    )  # fmt: skip
    return header + payload


def ipv6(source, destination, protocol, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + source + destination + payload


def tcp(source, destination, payload=bytes(100)):
    return struct.pack(">HHIIHHHH", source, destination, 1, 2, 0x5010, 512, 0, 0) + payload


def udp(source, destination, payload):
    return struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload
