"""Checks a file by the rules of the Trace Event Format; prints what is in it as JSON.

usage: perfetto.py FILE
"""
import collections
import decimal
import json
import sys


def no_key_twice(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), [key for key, _ in pairs]
    return dict(pairs)


with open(sys.argv[1], encoding="utf-8") as file:
    # doubles would lose what is to be checked
    trace = json.load(file, parse_float=decimal.Decimal, object_pairs_hook=no_key_twice)

assert isinstance(trace, dict) and isinstance(trace["traceEvents"], list)
assert trace.get("displayTimeUnit") in ("ms", "ns")

required = {
    "X": {"name", "ph", "ts", "dur", "pid", "tid"},
    "i": {"name", "ph", "ts", "pid", "tid", "s"},
    "M": {"name", "ph", "pid", "args"},
}
metadata = {
    "process_name": {"name"},
    "thread_name": {"name"},
    "thread_sort_index": {"sort_index"},
}
threads, processes = {}, {}
slices, instants = collections.defaultdict(list), collections.defaultdict(list)
for event in trace["traceEvents"]:
    kind = event["ph"]
    assert kind in required and required[kind] <= event.keys(), event
    assert isinstance(event["name"], str) and event["name"], event
    for key in {"pid", "tid"} & event.keys():
        assert type(event[key]) is int and event[key] > 0, event
    if kind == "M":
        assert event["args"].keys() == metadata[event["name"]], event
        if event["name"] == "process_name":
            assert event["pid"] not in processes
            processes[event["pid"]] = event["args"]["name"]
        elif event["name"] == "thread_name":
            assert event["tid"] not in threads
            threads[event["tid"]] = (event["pid"], event["args"]["name"])
        continue
    assert isinstance(event["ts"], (int, decimal.Decimal)) and event["ts"] >= 0, event
    # a double holds the nanoseconds
    assert abs(decimal.Decimal(float(event["ts"])) - event["ts"]) < decimal.Decimal("0.0005"), event
    assert threads[event["tid"]][0] == event["pid"] and event["pid"] in processes, event
    if kind == "X":
        assert event["dur"] >= 0, event
        slices[event["tid"]].append(event)
    else:
        assert event["s"] in ("g", "p", "t"), event
        instants[event["tid"]].append(event)

for tid, track in slices.items():
    open_slices = []
    for event in sorted(track, key=lambda e: (e["ts"], -e["dur"])):
        begin, end = event["ts"], event["ts"] + event["dur"]
        while open_slices and open_slices[-1][1] <= begin and open_slices[-1][1] < end:
            open_slices.pop()
        assert not open_slices or end <= open_slices[-1][1], (open_slices[-1], event)
        open_slices.append((begin, end, event["name"]))
    # an instant is of a packet that is shown there
    for event in instants[tid]:
        assert any(s["ts"] <= event["ts"] <= s["ts"] + s["dur"] for s in track if s["cat"] == "packet")
assert set(slices) == set(threads) and instants.keys() <= slices.keys()

count = collections.Counter(e.get("cat") for e in trace["traceEvents"])
connections = [e for e in trace["traceEvents"] if e.get("cat") == "connection"]
print(json.dumps({
    "connections": len(connections),
    "packets": count["packet"],
    "hops": count["hop"],
    "drops": count["drop"],
    "causes": sorted(e["args"]["cause"] for e in connections if "cause" in e["args"]),
    "processes": sorted(processes.values()),
}))
