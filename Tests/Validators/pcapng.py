"""Compares a pcapng file, as tshark and capinfos read it, with the recording it was made from; prints
what is in it as JSON.

usage: pcapng.py RECORDING FILE
"""
import collections
import json
import subprocess
import sys

recording, path = sys.argv[1:]

FIELDS = [
    "frame.number", "frame.time_epoch", "frame.interface_name", "frame.interface_description",
    "frame.packet_flags_direction", "frame.cap_len", "frame.len", "frame.comment", "frame.protocols",
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.ttl", "ipv6.hlim", "ip.id", "ip.checksum.status",
    "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.len",
    "tcp.checksum.status", "udp.srcport", "udp.dstport", "udp.length", "udp.checksum.status",
    "icmp.type", "icmp.code", "icmpv6.type", "icmp.checksum.status", "icmpv6.checksum.status",
    "vxlan.vni", "geneve.vni", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message",
]
WARNING = 0x600000
COMMENT = 0x100000


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [l for l in result.stderr.splitlines() if not l.startswith("Running as user")]
    assert result.returncode == 0 and not errors, (command[0], result.returncode, errors)
    return result.stdout


def frames():
    """A dictionary of lists a frame: a field of an outer header comes before that of an inner one."""
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=\x1f",
               "-E", "aggregator=\x1e", "-d", "udp.port==8472,vxlan", "-d", "udp.port==6081,geneve"]
    for protocol in ("ip", "tcp", "udp"):
        command += ["-o", f"{protocol}.check_checksum:TRUE"]
    # the same packet at several places is no retransmission
    command += ["-o", "tcp.analyze_sequence_numbers:FALSE"]
    for field in FIELDS:
        command += ["-e", field]
    for line in run(*command).split("\n")[:-1]:
        values = line.split("\x1f")
        assert len(values) == len(FIELDS), line
        yield {k: v.split("\x1e") if v else [] for k, v in zip(FIELDS, values)}


def key(pair):
    return tuple((pair[side]["address"], pair[side]["port"]) for side in ("source", "destination"))


events, flows, clock = [], [], (0, 0)
for line in open(recording, encoding="utf-8"):
    record = json.loads(line)
    if record["type"] == "header":
        clock = record["clock"]["boottime"], record["clock"]["realtime"]
    elif record["type"] == "event":
        events.append((record["time"] - clock[0] + clock[1], record))
    elif record["type"] == "flow":
        flows.append(record)

by_time = collections.defaultdict(list)
for time, event in events:
    by_time[time].append(event)

kinds, protocols, comments = collections.Counter(), collections.Counter(), collections.Counter()
number = 0
for frame in frames():
    number += 1
    assert frame["frame.number"] == [str(number)]
    seconds, fraction = frame["frame.time_epoch"][0].split(".")
    time = int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
    comment = "".join(frame["frame.comment"])
    assert comment.startswith("hook "), frame
    hook = comment.split(";")[0].split()[-1]
    candidates = [e for e in by_time[time] if e["hook"] == hook]
    assert candidates, ("no event at that time", frame)
    event = candidates[0]
    by_time[time].remove(event)

    kind = {"tcIngress": "in", "tcEgress": "out", "drop": "dropped"}.get(hook, "translated")
    kinds[kind] += 1
    direction = int((frame["frame.packet_flags_direction"] or ["0"])[0], 16)
    assert direction == {"in": 1, "out": 2}.get(kind, 0), frame
    name = "".join(frame["frame.interface_name"])
    if kind in ("in", "out"):
        assert name == f"{event['netns']}/{event['interface']}" and "verdict passed" in comment, frame
        assert not frame["frame.interface_description"]
    elif kind == "translated":
        assert name == f"{event['netns']}/{event.get('netfilterHook', hook)}", frame
        assert "verdict translated" in comment and "NAT " in comment and frame["frame.interface_description"]
    else:
        assert event["reason"] in comment and event.get("location", "") in comment, frame
        comments["freed" if "verdict freed" in comment else "dropped"] += 1
    if "; cause " in comment:
        comments[comment.split("; cause ")[1].split(":")[0]] += 1

    # headers: those of the tuple's packet are the last, of a quoted packet, too
    assert not frame["_ws.malformed"], frame
    severities = [int(s) for s in frame["_ws.expert.severity"]]
    assert all(s < WARNING or s == COMMENT for s in severities), frame
    for protocol in ("ip", "tcp", "udp", "icmp", "icmpv6"):
        assert "0" not in frame[f"{protocol}.checksum.status"], ("bad checksum", frame)
    assert set(frame["ip.checksum.status"]) <= {"1"}, frame
    four = ":" not in event["tuple"]["source"]["address"]
    addresses = frame["ip.src" if four else "ipv6.src"][-1], frame["ip.dst" if four else "ipv6.dst"][-1]
    (source, sport), (destination, dport) = key(event["tuple"])
    assert addresses == (source, destination), (frame, event)
    is_icmp_error = "outer" in event and "tunnel" not in event
    # tshark takes no fragment of IPv6 apart unless it has all of them
    is_fragment = event["fragment"] & (0x1FFF if four else 0x3FFF)
    assert frame["ip.ttl" if four else "ipv6.hlim"][-1] == str(event["ttl"]), frame
    if four:
        assert int(frame["ip.id"][-1], 16) == event["ipID"], frame
    has_ports = not is_fragment and not event.get("truncated")
    if event["transport"] in ("tcp", "udp") and has_ports:
        ports = [frame[f"{event['transport']}.{end}port"][-1:] for end in ("src", "dst")]
        assert ports == [[str(sport)], [str(dport)]], (frame, event)
    if event["transport"] == "tcp" and "sequence" in event and has_ports:
        flags = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16}
        expected = sum(flags[f] for f in event["flags"].split("-") if f in flags)
        assert int(frame["tcp.flags"][-1], 16) == expected, frame
        assert frame["tcp.seq_raw"][-1] == str(event["sequence"]), frame
        assert frame["tcp.ack_raw"][-1] == str(event["acknowledgment"]), frame
        if event["payload"] < 65535:
            assert frame["tcp.len"][-1] == str(event["payload"]), (frame, event)
    # captured is what is made of headers; long is what was sent
    captured, length = int(frame["frame.cap_len"][0]), int(frame["frame.len"][0])
    assert captured <= min(length, 400), frame
    if event["length"] == 0 or event.get("truncated"):
        assert length >= event["length"], (frame, event)
    elif "outer" not in event:
        assert length == event["length"], (frame, event)
    elif not is_icmp_error:
        outer = 40 if ":" in event["outer"]["source"]["address"] else 20
        assert length == event["length"] + outer + (0 if event["tunnel"] == "IP-in-IP" else 30), frame
        if event["tunnel"] != "IP-in-IP":
            udp = event["outer"]
            assert frame["udp.dstport"][0] == str(udp["destination"]["port"]), frame
            assert frame["udp.srcport"][0] == str(udp["source"]["port"]), frame
            vni = frame["vxlan.vni" if event["tunnel"] == "VXLAN" else "geneve.vni"][0]
            assert int(vni, 0) == event["vni"], frame
    else:
        assert event["icmpType"] == int((frame["icmp.type"] + frame["icmpv6.type"])[0]), frame
    protocols[event["transport"] + (" in " + event["tunnel"] if "tunnel" in event else "")] += 1

# nothing that was seen at a device or died is missing
missing = [e for left in by_time.values() for e in left if e["hook"] in ("tcIngress", "tcEgress", "drop")]
assert not missing, missing[:3]
information = run("capinfos", "-c", "-M", path)
assert f"Number of packets:   {number}" in information, information
assert not number or "nanoseconds (9)" in run("capinfos", path)

nat = ("dnat", "snat", "un-dnat", "un-snat")
print(json.dumps({
    "frames": number, "kinds": kinds, "protocols": protocols, "comments": comments,
    # as the connections were told; the repeats of a packet went the same way
    "translations": sum(
        (p["repeats"] + 1) * sum(h["action"] in nat for h in p["hops"]) for f in flows for p in f["timeline"]),
    "timeline": sum(p["repeats"] + 1 for f in flows for p in f["timeline"]),
    "packets": sum(f["packets"]["original"] + f["packets"]["reply"] for f in flows),
}))
