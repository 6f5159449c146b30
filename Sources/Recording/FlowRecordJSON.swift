internal import Diagnosis
internal import FlowModel

extension FlowRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("schema", Schema.name)
      $0.member("type", "flow")
      $0.member("id", id)
      $0.member("start", start)
      $0.member("end", end)
      $0.member("transport", transport)
      $0.member("source", source)
      $0.member("destination", destination)
      $0.member("service", service)
      $0.member("original", original)
      $0.member("reply", reply)
      $0.member("zone", zone)
      $0.member("attempts", attempts)
      $0.member("state", state.rawValue)
      $0.member("packets", packets)
      $0.member("bytes", bytes)
      $0.member("syns", syns)
      $0.member("retransmissions", retransmissions)
      $0.member("drops", drops)
      if let dns { $0.member("dns", dns) }
      $0.member("dnsOmitted", dnsOmitted)
      $0.member("dnsSearch", dnsSearch)
      $0.member("diagnosis", diagnosis)
      $0.member("timeline", timeline)
      $0.member("mayMissEvents", mayMissEvents)
    }
  }
}

extension FlowRecord.Count: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("original", original)
      $0.member("reply", reply)
    }
  }
}

extension FlowRecord.ICMPError: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("type", type)
      $0.member("code", code)
    }
  }
}

extension FlowRecord.DropRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("reason", reason)
      $0.member("location", location)
      $0.member("netns", netns)
      $0.member("interface", interface)
      $0.member("hook", hook)
      $0.member("packets", packets)
      $0.member("tuple", tuple)
      $0.member("rule", rule)
    }
  }
}

extension FlowRecord.PacketRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("direction", direction.rawValue)
      $0.member("flags", flags)
      $0.member("icmpError", icmpError)
      $0.member("payload", payload)
      $0.member("truncated", truncated)
      $0.member("repeats", repeats)
      $0.member("hops", hops)
    }
  }
}

extension FlowRecord.HopRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("time", time)
      $0.member("netns", netns)
      $0.member("interface", interface)
      $0.member("outInterface", outInterface)
      $0.member("hook", hook)
      $0.member("netfilterHook", netfilterHook)
      $0.member("table", table)
      $0.member("action", action.rawValue)
      $0.member("to", to)
      $0.member("endpointIndex", endpointIndex)
      $0.member("tuple", tuple)
      $0.member("original", original)
      $0.member("reply", reply)
      $0.member("outer", outer)
      $0.member("tunnel", tunnel)
      $0.member("vni", vni)
      $0.member("icmpError", icmpError)
      $0.member("reason", reason)
      $0.member("location", location)
      $0.member("length", length)
      $0.member("detail", detail)
    }
  }
}

extension ServiceName: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("namespace", namespace)
      $0.member("name", name)
      $0.member("port", port)
      $0.member("endpointIndex", endpointIndex)
      $0.member("endpointCount", endpointCount)
      $0.member("affinitySeconds", affinitySeconds)
      $0.member("virtualServer", virtualServer)
      $0.member("scheduler", scheduler)
    }
  }
}

extension Explanation: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("cause", cause)
      $0.member("severity", severity?.rawValue)
      $0.member("layer", layer.rawValue)
      $0.member("certainty", certainty.rawValue)
      $0.member("why", why)
      $0.member("evidence", evidence)
      $0.member("check", check)
      $0.member("fix", fix)
      $0.member("rule", rule)
    }
  }
}

extension RuleFinding: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object {
      $0.member("table", table)
      $0.member("chain", chain)
      $0.member("specification", specification)
      $0.member("comment", comment)
      $0.member("backend", backend)
      $0.member("isPolicy", isPolicy)
      $0.member("certainty", certainty.rawValue)
      $0.member("alternatives", alternatives)
      if let trace { $0.member("trace", trace) }
    }
  }
}
