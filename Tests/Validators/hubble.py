"""Parses Hubble's flow JSON lines with protobuf's own JSON parser, by a descriptor made from the fields
and values of Cilium's flow.proto and observer.proto; prints what is in them as JSON.

usage: hubble.py FILE
"""
import collections
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf import any_pb2, struct_pb2, timestamp_pb2, wrappers_pb2  # noqa: F401

T = descriptor_pb2.FieldDescriptorProto
scalars = {"string": T.TYPE_STRING, "uint32": T.TYPE_UINT32, "int32": T.TYPE_INT32,
           "bool": T.TYPE_BOOL, "uint64": T.TYPE_UINT64}
# message: "type name number", repeated ones with a star
messages = {
    "Flow": """Timestamp time 1, string uuid 34, Verdict verdict 2, uint32 drop_reason 3, IP IP 5,
        Layer4 l4 6, Endpoint source 8, Endpoint destination 9, FlowType Type 10, string node_name 11,
        string* source_names 13, string* destination_names 14, bool reply 16,
        CiliumEventType event_type 19, Service source_service 20, Service destination_service 21,
        TrafficDirection traffic_direction 22, uint32 policy_match_type 23,
        TraceObservationPoint trace_observation_point 24, DropReason drop_reason_desc 25,
        BoolValue is_reply 26, NetworkInterface interface 28, uint32 proxy_port 29,
        Any extensions 150000, string Summary 100000""",
    "Layer4": "TCP TCP 1, UDP UDP 2, ICMPv4 ICMPv4 3, ICMPv6 ICMPv6 4, SCTP SCTP 5",
    "Endpoint": "uint32 ID 1, uint32 identity 2, string namespace 3, string* labels 4, string pod_name 5",
    "TCP": "uint32 source_port 1, uint32 destination_port 2, TCPFlags flags 3",
    "TCPFlags": """bool FIN 1, bool SYN 2, bool RST 3, bool PSH 4, bool ACK 5, bool URG 6, bool ECE 7,
        bool CWR 8, bool NS 9""",
    "UDP": "uint32 source_port 1, uint32 destination_port 2",
    "SCTP": "uint32 source_port 1, uint32 destination_port 2",
    "ICMPv4": "uint32 type 1, uint32 code 2",
    "ICMPv6": "uint32 type 1, uint32 code 2",
    "IP": """string source 1, string destination 2, IPVersion ipVersion 3, bool encrypted 4,
        string source_xlated 5""",
    "CiliumEventType": "int32 type 1, int32 sub_type 2",
    "Service": "string name 1, string namespace 2",
    "NetworkInterface": "uint32 index 1, string name 2",
    "GetFlowsResponse": "Flow flow 1, string node_name 1000, Timestamp time 1001",
}
enums = {
    "FlowType": {"UNKNOWN_TYPE": 0, "L3_L4": 1, "L7": 2, "SOCK": 3},
    "Verdict": {"VERDICT_UNKNOWN": 0, "FORWARDED": 1, "DROPPED": 2, "ERROR": 3, "AUDIT": 4,
                "REDIRECTED": 5, "TRACED": 6, "TRANSLATED": 7},
    "IPVersion": {"IP_NOT_USED": 0, "IPv4": 1, "IPv6": 2},
    "TrafficDirection": {"TRAFFIC_DIRECTION_UNKNOWN": 0, "INGRESS": 1, "EGRESS": 2},
    "TraceObservationPoint": {
        "UNKNOWN_POINT": 0, "TO_PROXY": 1, "TO_HOST": 2, "TO_STACK": 3, "TO_OVERLAY": 4,
        "TO_ENDPOINT": 101, "FROM_ENDPOINT": 5, "FROM_PROXY": 6, "FROM_HOST": 7, "FROM_STACK": 8,
        "FROM_OVERLAY": 9, "FROM_NETWORK": 10, "TO_NETWORK": 11},
    "DropReason": {
        "DROP_REASON_UNKNOWN": 0, "INVALID_SOURCE_IP": 132, "POLICY_DENIED": 133,
        "STALE_OR_UNROUTABLE_IP": 151, "SERVICE_BACKEND_NOT_FOUND": 158,
        "NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT": 160, "FIB_LOOKUP_FAILED": 169, "POLICY_DENY": 181,
        "INVALID_VNI": 183, "TTL_EXCEEDED": 196},
}
known = {"Timestamp": "timestamp", "BoolValue": "wrappers", "Any": "any"}

file = descriptor_pb2.FileDescriptorProto(name="flow.proto", package="flow", syntax="proto3")
file.dependency.extend(f"google/protobuf/{name}.proto" for name in sorted(set(known.values())))
for name, values in enums.items():
    enum = file.enum_type.add(name=name)
    for value, number in values.items():
        enum.value.add(name=value, number=number)
for name, fields in messages.items():
    message = file.message_type.add(name=name)
    if name in ("Layer4", "GetFlowsResponse"):
        message.oneof_decl.add(name="protocol" if name == "Layer4" else "response_types")
    for text in fields.split(","):
        kind, title, number = text.split()
        field = message.field.add(name=title, number=int(number), label=T.LABEL_OPTIONAL)
        if kind.endswith("*"):
            kind, field.label = kind[:-1], T.LABEL_REPEATED
        if kind in scalars:
            field.type = scalars[kind]
        elif kind in enums:
            field.type, field.type_name = T.TYPE_ENUM, f".flow.{kind}"
        else:
            package = ".google.protobuf." if kind in known else ".flow."
            field.type, field.type_name = T.TYPE_MESSAGE, package + kind
        if name == "Layer4" or (name, title) == ("GetFlowsResponse", "flow"):
            field.oneof_index = 0
# a pool of its own: the default one knows a flow.proto where Cilium's is installed
pool = descriptor_pool.DescriptorPool()
for module in (timestamp_pb2, wrappers_pb2, any_pb2, struct_pb2):
    pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
pool.Add(file)
Response = message_factory.GetMessageClass(pool.FindMessageTypeByName("flow.GetFlowsResponse"))

verdicts, reasons, services = collections.Counter(), collections.Counter(), set()
connections, dropped, uuids = set(), 0, set()
times = []
for line in open(sys.argv[1], encoding="utf-8"):
    text = json.loads(line)
    # all names are those of the proto, none is made up
    response = json_format.Parse(line, Response(), ignore_unknown_fields=False, descriptor_pool=pool)
    flow = response.flow
    printed = json.loads(json_format.MessageToJson(
        response, preserving_proto_field_name=True, descriptor_pool=pool))
    assert set(text["flow"]) - set(printed["flow"]) <= {"source", "destination", "traffic_direction",
                                                        "drop_reason_desc", "Summary", "node_name"}, text
    assert response.node_name == flow.node_name and response.time == flow.time and response.time.seconds
    assert flow.uuid not in uuids and len(flow.uuid) == 36
    uuids.add(flow.uuid)
    verdict = text["flow"]["verdict"]
    verdicts[verdict] += 1
    assert flow.HasField("is_reply") and text["flow"]["Type"] == "L3_L4"
    assert flow.IP.source and flow.IP.destination and flow.IP.ipVersion
    more = text["flow"]["extensions"]["value"]
    connections.add(more["connection"])
    if verdict == "DROPPED":
        assert flow.event_type.type == 1 and flow.event_type.sub_type == flow.drop_reason
        assert flow.drop_reason == flow.drop_reason_desc and more["reason"]
        reasons[text["flow"]["drop_reason_desc"]] += more.get("packets", 1)
    else:
        assert flow.event_type.type == 4 and not flow.drop_reason and not flow.drop_reason_desc
    for service in (flow.source_service, flow.destination_service):
        if service.name:
            services.add(f"{service.namespace}/{service.name}")
    if flow.l4.WhichOneof("protocol") == "TCP":
        assert 0 < flow.l4.TCP.source_port < 65536 and 0 < flow.l4.TCP.destination_port < 65536
    times.append(flow.time.seconds * 10**9 + flow.time.nanos)

print(json.dumps({
    "lines": sum(verdicts.values()), "verdicts": verdicts, "reasons": reasons,
    "services": sorted(services), "connections": sorted(connections),
    "first": min(times, default=0), "last": max(times, default=0),
}))
