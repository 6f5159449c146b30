"use strict";

// The recording: what is in the page's data, with what connections have in common put back.
const recording = (() => {
  const text = document.getElementById("recording").textContent || "{}";
  // Characters that are not seen, or turn text around, are shown as what they are. The recording has
  // them escaped; where it escapes markup only, there are none.
  const visible = (key, value) => typeof value !== "string" ? value : value.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu, (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`);
  const data = /\\(?:[nrt]|u(?!00(?:3c|3e|26)))/.test(text)
    ? JSON.parse(text, visible) : JSON.parse(text);
  const traces = data.traces ?? [];
  const sums = data.sums ?? {
    connections: 0, failed: 0, duration: 0, lost: 0, truncated: 0, spreads: [], others: [], causes: [],
  };
  const places = data.places ?? [];
  const ways = data.ways ?? [];

  for (const way of ways) {
    for (const stop of way.stops) stop.place = places[stop.place];
  }

  // Failures first, then in the order of time: how the table begins.
  const flows = data.flows ?? [];
  flows.forEach((flow, index) => {
    flow.index = index;
    flow.trace = traces[flow.trace ?? 0] ?? {};
    flow.why = flow.why === undefined ? null : data.explanations[flow.why];
    const service = flow.service === undefined ? {} : data.services[flow.service];
    flow.service = service.name ?? null;
    flow.serviceText = service.name
      ? service.name + (service.port ? `:${service.port}` : "")
      : service.ipvs ? `virtual server ${service.ipvs}` : "";
    flow.failed = flow.why !== null && flow.why.severity === undefined;
    flow.dns ??= [];
    // less than a failure
    flow.isTroubled = !flow.failed && (flow.why !== null || flow.dns.some((lookup) => lookup.bad));
    flow.mark = flow.failed ? "✗" : flow.isTroubled ? "!" : "✓";
    flow.outcome = flow.failed ? "failed" : flow.isTroubled ? "troubled" : "healthy";
    flow.via ??= [];
    flow.resent ??= 0;
    flow.drops ??= 0;
    flow.syns ??= 0;
    flow.time = (flow.trace.begin ?? 0) + flow.at / 1000;
  });

  // A way's address in a connection.
  function address(reference, flow) {
    return reference === 0 ? flow.from : reference === 1 ? flow.as : reference;
  }

  // The packets of a connection, with all that the diagram and the text say of them.
  function packets(flow) {
    return flow.ways.map(([number, begin, flags, payload, repeats, ...times]) => {
      const way = ways[number];
      const stops = way.stops.map((stop, i) => ({
        place: stop.place,
        after: i === 0 ? 0 : times[i - 1],
        acts: stop.acts.map((act) => ({
          ...act,
          to: address(act.to, flow),
          from: address(act.from, flow),
          dest: address(act.dest, flow),
        })),
      }));
      return {
        isReply: way.reply === true,
        beginsInTunnel: way.tunnel === true,
        from: address(way.from, flow),
        to: address(way.to, flow),
        icmp: way.icmp,
        about: way.icmp ? `${address(way.aboutFrom, flow)} → ${address(way.aboutTo, flow)}` : "",
        begin, flags, payload, repeats, stops,
        drop: stops.findLast((stop) => stop.acts.some((act) => act.do === "dropped")) ?? null,
      };
    });
  }

  // All words of a connection that a search finds, made when first searched.
  function haystack(flow) {
    if (flow.haystack === undefined) {
      const words = [
        flow.proto, flow.from, flow.to, flow.serviceText, flow.as ?? "", flow.state,
        stateName(flow), ...flow.via, `#${flow.id}`,
      ];
      for (const lookup of flow.dns) words.push(lookup.name, lookup.type, lookup.outcome);
      if (flow.why) {
        const { cause, layer, why, evidence, rule } = flow.why;
        words.push(cause, layer, why, rule ?? "", ...evidence);
      }
      const seen = new Set();
      for (const [number] of flow.ways) {
        if (seen.has(number)) continue;
        seen.add(number);
        for (const stop of ways[number].stops) {
          words.push(stop.place.netns, stop.place.name);
          for (const act of stop.acts) if (act.text) words.push(act.text);
        }
      }
      flow.haystack = [...new Set(words)].join("\n").toLowerCase();
    }
    return flow.haystack;
  }

  return { traces, sums, flows, packets, haystack };
})();
