extension Schema {
  /// The JSON Schema (draft 2020-12) of a line of `--json`, of `drops --json` and of a recording.
  public static let text = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": "urn:kflowtrace:1",
      "title": "kflowtrace/1",
      "description": "A line of kflowtrace's JSON. Times are ns of CLOCK_BOOTTIME, which a header maps to the wall clock; lengths are bytes; absent means unknown or not applicable.",
      "type": "object",
      "required": ["schema", "type"],
      "properties": {"schema": {"const": "kflowtrace/1"}},
      "oneOf": [
        {"$ref": "#/$defs/header"},
        {"$ref": "#/$defs/event"},
        {"$ref": "#/$defs/flow"},
        {"$ref": "#/$defs/summary"},
        {"$ref": "#/$defs/drops"}
      ],
      "$defs": {
        "ns": {"type": "integer", "minimum": 0, "maximum": 18446744073709551615},
        "count": {"type": "integer", "minimum": 0},
        "u8": {"type": "integer", "minimum": 0, "maximum": 255},
        "u16": {"type": "integer", "minimum": 0, "maximum": 65535},
        "u32": {"type": "integer", "minimum": 0, "maximum": 4294967295},
        "address": {
          "description": "Dotted IPv4, or IPv6 as RFC 5952 writes it",
          "type": "string",
          "pattern": "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$"
        },
        "transport": {
          "description": "Lower case; network.transport of OpenTelemetry where that has it",
          "type": "string",
          "pattern": "^(tcp|udp|icmp|icmpv6|sctp|proto [0-9]{1,3})$"
        },
        "direction": {"enum": ["original", "reply"]},
        "netfilterHook": {"enum": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]},
        "table": {"enum": ["filter", "nat", "mangle", "raw", "security", "kube-proxy"]},
        "tunnel": {"enum": ["VXLAN", "Geneve", "IP-in-IP"]},
        "certainty": {"enum": ["inferred", "likely", "certain"]},
        "severity": {
          "description": "What is less than a failure; absent for what failed",
          "enum": ["delay"]
        },
        "layer": {"enum": ["dns", "service", "policy", "pod-network", "node", "application"]},
        "hook": {
          "enum": [
            "tcIngress", "tcEgress", "nfRaw", "nfDNATDone", "nfFilter", "nfFilterDone", "nfSNAT",
            "nfSNATDone", "conntrackIn", "conntrackConfirm", "natFunction", "natManip", "hookSlow",
            "iptTable", "nftChain", "ipReceive", "ipForward", "ipDeliver", "ipOutput", "bridgeIn",
            "bridgeOut", "vxlanTransmit", "vxlanReceive", "icmpSend", "ipvs", "drop", "resetSent",
            "retransmit"
          ]
        },
        "peer": {
          "type": "object",
          "required": ["address", "port"],
          "additionalProperties": false,
          "properties": {
            "address": {"$ref": "#/$defs/address"},
            "port": {"$ref": "#/$defs/u16"}
          }
        },
        "pair": {
          "type": "object",
          "required": ["source", "destination"],
          "additionalProperties": false,
          "properties": {
            "source": {"$ref": "#/$defs/peer"},
            "destination": {"$ref": "#/$defs/peer"}
          }
        },
        "both": {
          "description": "A number for each direction",
          "type": "object",
          "required": ["original", "reply"],
          "additionalProperties": false,
          "properties": {
            "original": {"$ref": "#/$defs/count"},
            "reply": {"$ref": "#/$defs/count"}
          }
        },
        "icmp": {
          "type": "object",
          "required": ["type", "code"],
          "additionalProperties": false,
          "properties": {"type": {"$ref": "#/$defs/u8"}, "code": {"$ref": "#/$defs/u8"}}
        },
        "rule": {
          "description": "The rule that dropped or rejected a packet",
          "type": "object",
          "required": [
            "table", "chain", "specification", "backend", "isPolicy", "certainty", "alternatives"
          ],
          "additionalProperties": false,
          "properties": {
            "table": {"type": "string"},
            "chain": {"type": "string"},
            "specification": {"type": "string"},
            "comment": {"type": "string"},
            "backend": {"enum": ["nft", "legacy", "nftables"]},
            "isPolicy": {"type": "boolean"},
            "certainty": {"$ref": "#/$defs/certainty"},
            "alternatives": {"$ref": "#/$defs/count"},
            "trace": {
              "description": "The kernel's own rule trace: the packet's, then others of its kind",
              "type": "array",
              "items": {"type": "string"}
            }
          }
        },
        "diagnosis": {
          "type": "object",
          "required": ["cause", "layer", "certainty", "why", "evidence", "check", "fix"],
          "additionalProperties": false,
          "properties": {
            "cause": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
            "severity": {"$ref": "#/$defs/severity"},
            "layer": {"$ref": "#/$defs/layer"},
            "certainty": {"$ref": "#/$defs/certainty"},
            "why": {"type": "string", "minLength": 1},
            "evidence": {"type": "array", "items": {"type": "string"}},
            "check": {"type": "array", "items": {"type": "string"}},
            "fix": {"type": "string", "minLength": 1},
            "rule": {"$ref": "#/$defs/rule"}
          }
        },
        "serviceName": {
          "type": "object",
          "description": "Its name, or in IPVS mode, which keeps none, its virtual server",
          "required": ["endpointCount"],
          "oneOf": [
            {"required": ["namespace", "name"]}, {"required": ["virtualServer", "scheduler"]}
          ],
          "additionalProperties": false,
          "properties": {
            "namespace": {"type": "string"},
            "name": {"type": "string"},
            "port": {"type": "string"},
            "endpointIndex": {"type": "integer", "minimum": 1},
            "endpointCount": {"$ref": "#/$defs/count"},
            "affinitySeconds": {"$ref": "#/$defs/u32"},
            "virtualServer": {"type": "string"},
            "scheduler": {"type": "string"}
          }
        },
        "hop": {
          "description": "One sighting of a packet; time since the flow's start",
          "type": "object",
          "required": ["time", "netns", "hook", "action", "tuple", "length", "detail"],
          "additionalProperties": false,
          "properties": {
            "time": {"$ref": "#/$defs/ns"},
            "netns": {"type": "string"},
            "interface": {"type": "string"},
            "outInterface": {"type": "string"},
            "hook": {"$ref": "#/$defs/hook"},
            "netfilterHook": {"$ref": "#/$defs/netfilterHook"},
            "table": {"$ref": "#/$defs/table"},
            "action": {
              "enum": [
                "in", "out", "dnat", "un-snat", "snat", "un-dnat", "encap", "decap", "delivered",
                "passed", "icmp-error", "reset-sent", "dropped", "freed"
              ]
            },
            "to": {"$ref": "#/$defs/peer"},
            "endpointIndex": {"type": "integer", "minimum": 1},
            "tuple": {"$ref": "#/$defs/pair"},
            "original": {"$ref": "#/$defs/pair"},
            "reply": {"$ref": "#/$defs/pair"},
            "outer": {"$ref": "#/$defs/pair"},
            "tunnel": {"$ref": "#/$defs/tunnel"},
            "vni": {"$ref": "#/$defs/u32"},
            "icmpError": {"$ref": "#/$defs/icmp"},
            "reason": {"type": "string"},
            "location": {"type": "string"},
            "length": {"$ref": "#/$defs/u32"},
            "detail": {"type": "boolean"}
          }
        },
        "packet": {
          "type": "object",
          "required": ["direction", "payload", "truncated", "repeats", "hops"],
          "additionalProperties": false,
          "properties": {
            "direction": {"$ref": "#/$defs/direction"},
            "flags": {"type": "string"},
            "icmpError": {"$ref": "#/$defs/icmp"},
            "payload": {"$ref": "#/$defs/u16"},
            "truncated": {"type": "boolean"},
            "repeats": {"$ref": "#/$defs/count"},
            "hops": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/hop"}}
          }
        },
        "drop": {
          "type": "object",
          "required": ["reason", "netns", "packets", "tuple"],
          "additionalProperties": false,
          "properties": {
            "reason": {"type": "string"},
            "location": {"type": "string"},
            "netns": {"type": "string"},
            "interface": {"type": "string"},
            "hook": {"$ref": "#/$defs/netfilterHook"},
            "packets": {"type": "integer", "minimum": 1},
            "tuple": {"$ref": "#/$defs/pair"},
            "rule": {"$ref": "#/$defs/rule"}
          }
        },
        "lookup": {
          "description": "A DNS question and what became of it; times it was asked since the flow's start",
          "type": "object",
          "required": ["id", "name", "asked", "retries", "state"],
          "additionalProperties": false,
          "properties": {
            "id": {"$ref": "#/$defs/u16"},
            "name": {"type": "string"},
            "type": {"type": "string"},
            "asked": {"type": "array", "items": {"$ref": "#/$defs/ns"}},
            "retries": {"$ref": "#/$defs/count"},
            "state": {"enum": ["answered", "unanswered", "dropped", "unread"]},
            "code": {"type": "string"},
            "answers": {"$ref": "#/$defs/count"},
            "addresses": {"type": "array", "items": {"$ref": "#/$defs/address"}},
            "ttl": {"$ref": "#/$defs/u32"},
            "truncated": {"type": "boolean"},
            "latency": {"$ref": "#/$defs/ns"}
          }
        },
        "search": {
          "description": "Names a resolver made with its search list before the one that there is",
          "type": "object",
          "required": ["tried", "found", "questions", "lost"],
          "additionalProperties": false,
          "properties": {
            "tried": {"type": "array", "items": {"type": "string"}},
            "found": {"type": "string"},
            "questions": {"$ref": "#/$defs/count"},
            "lost": {"$ref": "#/$defs/ns"}
          }
        },
        "flow": {
          "description": "A finished connection",
          "type": "object",
          "required": [
            "schema", "type", "id", "start", "end", "transport", "source", "destination",
            "original", "zone", "attempts", "state", "packets", "bytes", "syns",
            "retransmissions", "drops", "timeline", "mayMissEvents"
          ],
          "additionalProperties": false,
          "properties": {
            "schema": true,
            "type": {"const": "flow"},
            "id": {"type": "integer", "minimum": 1},
            "start": {"$ref": "#/$defs/ns"},
            "end": {"$ref": "#/$defs/ns"},
            "transport": {"$ref": "#/$defs/transport"},
            "source": {"$ref": "#/$defs/peer"},
            "destination": {"$ref": "#/$defs/peer"},
            "service": {"$ref": "#/$defs/serviceName"},
            "original": {"$ref": "#/$defs/pair"},
            "reply": {"$ref": "#/$defs/pair"},
            "zone": {"$ref": "#/$defs/u16"},
            "attempts": {"type": "array", "items": {"$ref": "#/$defs/peer"}},
            "state": {"enum": ["no-answer", "refused", "open", "reset", "completed"]},
            "packets": {"$ref": "#/$defs/both"},
            "bytes": {"$ref": "#/$defs/both"},
            "syns": {"$ref": "#/$defs/count"},
            "retransmissions": {"$ref": "#/$defs/count"},
            "drops": {"type": "array", "items": {"$ref": "#/$defs/drop"}},
            "dns": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/lookup"}},
            "dnsOmitted": {"type": "integer", "minimum": 1},
            "dnsSearch": {"$ref": "#/$defs/search"},
            "diagnosis": {"$ref": "#/$defs/diagnosis"},
            "timeline": {"type": "array", "items": {"$ref": "#/$defs/packet"}},
            "mayMissEvents": {"type": "boolean"}
          }
        },
        "event": {
          "description": "One sighting of one packet",
          "type": "object",
          "required": [
            "schema", "type", "time", "hook", "netns", "transport", "tuple", "skb", "length",
            "payload", "ttl", "ipID", "fragment"
          ],
          "additionalProperties": false,
          "properties": {
            "schema": true,
            "type": {"const": "event"},
            "time": {"$ref": "#/$defs/ns"},
            "hook": {"$ref": "#/$defs/hook"},
            "netns": {"type": "string"},
            "interface": {"type": "string"},
            "outInterface": {"type": "string"},
            "netfilterHook": {"$ref": "#/$defs/netfilterHook"},
            "table": {"$ref": "#/$defs/table"},
            "transport": {"$ref": "#/$defs/transport"},
            "tuple": {"$ref": "#/$defs/pair"},
            "outer": {"$ref": "#/$defs/pair"},
            "tunnel": {"$ref": "#/$defs/tunnel"},
            "vni": {"$ref": "#/$defs/u32"},
            "conntrack": {
              "type": "object",
              "required": ["original", "reply", "status", "zone", "direction"],
              "additionalProperties": false,
              "properties": {
                "original": {"$ref": "#/$defs/pair"},
                "reply": {"$ref": "#/$defs/pair"},
                "status": {"$ref": "#/$defs/u16"},
                "zone": {"$ref": "#/$defs/u16"},
                "direction": {"$ref": "#/$defs/direction"}
              }
            },
            "skb": {"type": "string", "pattern": "^[0-9a-f]{1,16}$"},
            "length": {"$ref": "#/$defs/u32"},
            "payload": {"$ref": "#/$defs/u16"},
            "gsoSize": {"$ref": "#/$defs/u16"},
            "mtu": {"$ref": "#/$defs/u16"},
            "mark": {"$ref": "#/$defs/u32"},
            "ttl": {"$ref": "#/$defs/u8"},
            "ipID": {"$ref": "#/$defs/u16"},
            "fragment": {"$ref": "#/$defs/u16"},
            "flags": {"type": "string"},
            "sequence": {"$ref": "#/$defs/u32"},
            "acknowledgment": {"$ref": "#/$defs/u32"},
            "icmpType": {"$ref": "#/$defs/u8"},
            "icmpCode": {"$ref": "#/$defs/u8"},
            "truncated": {"const": true},
            "reason": {"type": "string"},
            "location": {"type": "string"}
          }
        },
        "header": {
          "description": "The first line of a recording",
          "type": "object",
          "required": [
            "schema", "type", "version", "node", "kernel", "backend", "namespaces", "selection",
            "clock", "services"
          ],
          "additionalProperties": false,
          "properties": {
            "schema": true,
            "type": {"const": "header"},
            "version": {"type": "string"},
            "node": {"type": "string"},
            "kernel": {"type": "string"},
            "backend": {"enum": ["kprobe", "netfilter", "drops"]},
            "namespaces": {"type": "array", "items": {"type": "string"}},
            "selection": {"type": "string"},
            "clock": {
              "description": "One instant on CLOCK_BOOTTIME and CLOCK_REALTIME",
              "type": "object",
              "required": ["boottime", "realtime"],
              "additionalProperties": false,
              "properties": {
                "boottime": {"$ref": "#/$defs/ns"},
                "realtime": {"$ref": "#/$defs/ns"}
              }
            },
            "services": {
              "type": "array",
              "items": {
                "type": "object",
                "required": ["service", "transport", "frontends", "endpoints"],
                "additionalProperties": false,
                "properties": {
                  "service": {"type": "string"},
                  "port": {"type": "string"},
                  "transport": {"$ref": "#/$defs/transport"},
                  "frontends": {"type": "array", "items": {"$ref": "#/$defs/peer"}},
                  "nodePort": {"$ref": "#/$defs/u16"},
                  "endpoints": {"type": "array", "items": {"$ref": "#/$defs/peer"}}
                }
              }
            }
          }
        },
        "endpointCount": {
          "type": "object",
          "required": ["endpoint", "connections", "failed"],
          "additionalProperties": false,
          "properties": {
            "endpoint": {"$ref": "#/$defs/peer"},
            "connections": {"$ref": "#/$defs/count"},
            "failed": {"$ref": "#/$defs/count"}
          }
        },
        "summary": {
          "description": "The last line: what the connections add up to",
          "type": "object",
          "required": [
            "schema", "type", "duration", "connections", "failed", "eventsLost", "truncated",
            "services", "endpoints", "causes"
          ],
          "additionalProperties": false,
          "properties": {
            "schema": true,
            "type": {"const": "summary"},
            "duration": {"$ref": "#/$defs/ns"},
            "connections": {"$ref": "#/$defs/count"},
            "failed": {"$ref": "#/$defs/count"},
            "eventsLost": {"$ref": "#/$defs/count"},
            "truncated": {"$ref": "#/$defs/count"},
            "services": {
              "type": "array",
              "items": {
                "type": "object",
                "required": ["service", "endpointCount", "endpoints"],
                "additionalProperties": false,
                "properties": {
                  "service": {"type": "string"},
                  "endpointCount": {"$ref": "#/$defs/count"},
                  "affinitySeconds": {"$ref": "#/$defs/u32"},
                  "endpoints": {"type": "array", "items": {"$ref": "#/$defs/endpointCount"}},
                  "diagnosis": {
                    "description": "All failures go through one endpoint",
                    "type": "object",
                    "required": ["cause", "endpoint", "connections", "failed", "elsewhere"],
                    "additionalProperties": false,
                    "properties": {
                      "cause": {"const": "endpoint-failing"},
                      "endpoint": {"$ref": "#/$defs/peer"},
                      "connections": {"$ref": "#/$defs/count"},
                      "failed": {"$ref": "#/$defs/count"},
                      "elsewhere": {"$ref": "#/$defs/count"}
                    }
                  }
                }
              }
            },
            "endpoints": {"type": "array", "items": {"$ref": "#/$defs/endpointCount"}},
            "causes": {
              "type": "array",
              "items": {
                "type": "object",
                "required": ["cause", "layer", "connections", "packets"],
                "additionalProperties": false,
                "properties": {
                  "cause": {"type": "string"},
                  "layer": {"$ref": "#/$defs/layer"},
                  "severity": {"$ref": "#/$defs/severity"},
                  "connections": {"$ref": "#/$defs/count"},
                  "packets": {"$ref": "#/$defs/count"}
                }
              }
            },
            "dns": {
              "type": "object",
              "required": ["questions", "unanswered", "retries", "codes"],
              "additionalProperties": false,
              "properties": {
                "questions": {"$ref": "#/$defs/count"},
                "unanswered": {"$ref": "#/$defs/count"},
                "retries": {"$ref": "#/$defs/count"},
                "codes": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "required": ["code", "count"],
                    "additionalProperties": false,
                    "properties": {
                      "code": {"type": "string"},
                      "count": {"$ref": "#/$defs/count"}
                    }
                  }
                },
                "median": {"$ref": "#/$defs/ns"},
                "worst": {"$ref": "#/$defs/ns"},
                "search": {
                  "type": "object",
                  "required": ["answers", "questions", "lost"],
                  "additionalProperties": false,
                  "properties": {
                    "answers": {"$ref": "#/$defs/count"},
                    "questions": {"$ref": "#/$defs/count"},
                    "lost": {"$ref": "#/$defs/ns"}
                  }
                }
              }
            }
          }
        },
        "drops": {
          "description": "A group of drops that grew: of kflowtrace drops",
          "type": "object",
          "required": [
            "schema", "type", "time", "reason", "netns", "transport", "destination", "packets",
            "recent", "rate", "flows"
          ],
          "additionalProperties": false,
          "properties": {
            "schema": true,
            "type": {"const": "drops"},
            "time": {"$ref": "#/$defs/ns"},
            "reason": {"type": "string"},
            "location": {"type": "string"},
            "netns": {"type": "string"},
            "interface": {"type": "string"},
            "transport": {"$ref": "#/$defs/transport"},
            "destination": {"$ref": "#/$defs/peer"},
            "packets": {"$ref": "#/$defs/count"},
            "recent": {"$ref": "#/$defs/count"},
            "rate": {"type": "number", "minimum": 0},
            "flows": {"$ref": "#/$defs/count"},
            "diagnosis": {"$ref": "#/$defs/diagnosis"}
          }
        }
      }
    }

    """#
}
