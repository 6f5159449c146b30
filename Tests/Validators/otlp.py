"""Parses OTLP/JSON, a document a line, into opentelemetry-proto's own messages and checks what the
specification asks of them; prints what is in it as JSON.

usage: otlp.py FILE
"""
import base64
import json
import re
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

hexadecimal = {"traceId": 32, "spanId": 16, "parentSpanId": 16}
integers = {"kind", "code"}
texts = {"startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "intValue"}


def convert(value):
    """Identifiers as protobuf has them: base64 instead of hexadecimal."""
    if isinstance(value, list):
        return [convert(item) for item in value]
    if not isinstance(value, dict):
        return value
    for key, item in value.items():
        if key in hexadecimal:
            assert re.fullmatch("[0-9a-f]{%d}" % hexadecimal[key], item) and int(item, 16), (key, item)
            value[key] = base64.b64encode(bytes.fromhex(item)).decode()
        elif key in integers:
            assert type(item) is int, (key, item)
        elif key in texts:
            assert isinstance(item, str) and re.fullmatch("-?[0-9]+", item), (key, item)
        else:
            value[key] = convert(item)
    return value


spans, documents, events = {}, 0, 0
times = set()
for line in open(sys.argv[1], encoding="utf-8"):
    documents += 1
    request = json_format.Parse(json.dumps(convert(json.loads(line))), ExportTraceServiceRequest())
    for resource in request.resource_spans:
        names = {a.key: a.value.string_value for a in resource.resource.attributes}
        assert names["service.name"] == "kflowtrace", names
        for scope in resource.scope_spans:
            assert scope.scope.name == "kflowtrace"
            for span in scope.spans:
                key = (span.trace_id, span.span_id)
                assert key not in spans, key
                spans[key] = span
                assert len(span.trace_id) == 16 and len(span.span_id) == 8
                assert span.name and span.kind == Span.SPAN_KIND_INTERNAL
                assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
                keys = [a.key for a in span.attributes]
                assert len(keys) == len(set(keys)), keys
                assert all(a.value.WhichOneof("value") for a in span.attributes)
                for event in span.events:
                    events += 1
                    assert event.name
                    assert span.start_time_unix_nano <= event.time_unix_nano
                    assert event.time_unix_nano <= span.end_time_unix_nano

roots = [span for span in spans.values() if not span.parent_span_id]
assert len({span.trace_id for span in roots}) == len(roots)
for (trace, _), span in spans.items():
    if span.parent_span_id:
        parent = spans[(trace, span.parent_span_id)]
        assert not parent.parent_span_id
        assert parent.start_time_unix_nano <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= parent.end_time_unix_nano

drops = []
for span in spans.values():
    dead = [e for e in span.events if any(a.key == "error.type" for a in e.attributes)]
    drops += dead
    if dead:
        assert span.status.code == Status.STATUS_CODE_ERROR and span.status.message, span


def attribute(span, key):
    for a in span.attributes:
        if a.key == key:
            return a.value.string_value or a.value.int_value
    return None


for span in roots:
    for key in ("source.address", "destination.address", "network.transport", "network.type"):
        assert attribute(span, key), (key, span)
    failed = attribute(span, "error.type")
    assert (span.status.code == Status.STATUS_CODE_ERROR) == bool(failed)
    assert not failed or span.status.message.startswith(failed)

print(json.dumps({
    "documents": documents,
    "connections": len(roots),
    "packets": len(spans) - len(roots),
    "hops": events,
    "drops": len(drops),
    "causes": sorted(attribute(s, "error.type") for s in roots if attribute(s, "error.type")),
    "starts": sorted(s.start_time_unix_nano for s in roots),
}))
