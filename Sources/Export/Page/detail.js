"use strict";

// The selected connection: its diagram, and why it failed.

const detail = (() => {
  const $ = (id) => document.getElementById(id);
  let flow = null;
  let packets = [];
  let drawnWidth = 0;
  let isOpen = false;

  function show(next) {
    flow = next;
    $("detail").hidden = flow === null;
    if (flow === null) return;
    packets = recording.packets(flow);
    $("detail").className = flow.outcome + (flow.why === null ? " plain" : "");
    const title = $("detail-title");
    title.replaceChildren(
      make("span", { class: "mark", "aria-hidden": "true" }, flow.mark), ` ${route(flow)}`);
    $("detail-state").textContent = `${summaryOf(flow)} · ${clock(flow)} · connection ${flow.id}`;
    $("explanation").hidden = flow.why === null;
    $("explanation").replaceChildren(...(flow.why ? explanation(flow.why) : []));
    $("numbers").replaceChildren(...facts());
    lookups();
    drawnWidth = 0;
    isOpen = false;
    draw();
    $("as-text").querySelector("pre").textContent = $("as-text").open ? text() : "";
  }

  function draw() {
    if (flow === null) return;
    const width = Math.max(420, Math.floor($("ladder").clientWidth) - 2);
    if (width === drawnWidth) return;
    drawnWidth = width;
    if (packets.length === 0) {
      $("ladder").replaceChildren(make("p", { class: "dim" }, "No packet of it was kept."));
      return;
    }
    const { svg, folded } = ladder.draw(flow, packets, width, isOpen);
    $("ladder").replaceChildren(svg);
    if (folded === 0) return;
    $("ladder").append(make("button", { type: "button", class: "quiet", onclick: () => {
      isOpen = true;
      drawnWidth = 0;
      draw();
    } }, `Show all ${packets.length} packets`));
  }

  // MARK: Explanation

  function explanation(why) {
    const parts = [
      make("h3", { class: "cause" }, make("span", { "aria-hidden": "true" }, why.severity ? "! " : "✗ "), why.cause),
      make("p", { class: "chips" },
        make("span", { class: "chip layer" }, `layer ${why.layer}`),
        make("span", { class: "chip" }, why.certainty),
        why.severity ? make("span", { class: "chip" }, why.severity) : null),
      make("p", { class: "why" }, why.why),
    ];
    const section = (name, ...children) => parts.push(make("h4", {}, name), ...children);
    if (why.rule) {
      const more = why.alternatives ? `, ${why.alternatives} more fit` : "";
      section(`Rule (${why.ruleCertainty}${more})`, make("pre", { class: "rule" }, why.rule));
    }
    if (why.evidence.length > 0) {
      section("Seen", make("ul", {}, ...why.evidence.map((line) => make("li", {}, line))));
    }
    if (why.check.length > 0) section("Check", ...why.check.map(command));
    if (why.fix) section("Fix", make("p", { class: "fix" }, why.fix));
    return parts;
  }

  function command(line) {
    // three spaces set a remark apart
    const [text, ...remark] = line.split("   ");
    const button = make("button", { type: "button", class: "copy", "aria-label": `Copy: ${text}` },
      "Copy");
    button.addEventListener("click", () => copy(text, button));
    return make("div", { class: "command" }, make("code", { tabindex: "0" }, text), button,
      remark.length > 0 ? make("span", { class: "dim" }, remark.join(" ").trim()) : null);
  }

  async function copy(text, button) {
    let isDone = false;
    try {
      await navigator.clipboard.writeText(text);
      isDone = true;
    } catch {
      // a file has no clipboard in some browsers; the old way has
      const area = make("textarea", { class: "hidden", readonly: true });
      area.value = text;
      document.body.append(area);
      area.select();
      isDone = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = isDone ? "Copied" : "Select it";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  function facts() {
    const list = [];
    const fact = (name, value) => {
      if (value) list.push(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
    };
    fact("Client", flow.from + (flow.as ? `, seen as ${flow.as}` : ""));
    fact("Called", `${flow.serviceText} ${flow.to}`.trim());
    fact(flow.via.length > 1 ? "Endpoints tried" : "Endpoint", flow.via.join(", then ")
      + (flow.endpoint ? ` (${flow.endpoint} of ${flow.of})` : ""));
    fact("Packets", `${flow.packets[0]} from the client, ${flow.packets[1]} back`);
    fact("Payload", `${flow.bytes[0].toLocaleString("en")} bytes, ${flow.bytes[1].toLocaleString("en")} back`);
    fact("Took", duration(flow.took));
    if (flow.resent > 0) fact("Retransmitted", String(flow.resent));
    if (flow.drops > 0) fact("Dropped", String(flow.drops));
    if (flow.gaps) fact("Gaps", "events were lost meanwhile");
    return list;
  }

  // MARK: Lookups

  function lookupTime(lookup) {
    const latency = lookup.latency === undefined ? "" : duration(lookup.latency);
    const again = lookup.again ? `asked again after ${lookup.again.map(duration).join(", ")}` : "";
    return [latency, again].filter(Boolean).join(", ");
  }

  function lookups() {
    $("lookups").hidden = flow.dns.length === 0;
    $("lookups").replaceChildren(...flow.dns.map((lookup) => make("li", { class: lookup.bad ? "bad" : "" },
      make("span", { class: "type" }, lookup.type), make("b", {}, lookup.name || "?"),
      make("span", {}, lookup.outcome), make("span", { class: "dim" }, lookupTime(lookup)))));
    if (flow.dnsOmitted > 0) {
      $("lookups").append(make("li", {}, make("span", { class: "dim" }, `${flow.dnsOmitted} before these`)));
    }
  }

  // MARK: Text

  // As the terminal tells it.
  function text() {
    const rows = [];
    for (const packet of packets) {
      if (rows.length > 0) rows.push(null);
      packet.stops.forEach((stop, i) => stop.acts.forEach((act, j) => {
        const { name, text, more } = actWords(act, flow);
        const what = i === 0 && j === 0 ? packetText(packet) : "";
        const times = i === 0 && j === 0 && packet.repeats > 0 ? `×${packet.repeats + 1}` : "";
        rows.push([since(packet.begin + stop.after), stop.place.netns, stop.place.name,
          act.do === "dropped" ? "✗ dropped" : name,
          [what, text, more, times].filter(Boolean).join("   ")]);
        if (act.rule) rows.push(["", "", "", "", `rule ${act.rule}`]);
      }));
    }
    const widths = [0, 1, 2, 3].map((i) => Math.max(0, ...rows.map((row) => row?.[i].length ?? 0)));
    const lines = [`${flow.mark} ${route(flow)}   ${summaryOf(flow)}`];
    for (const lookup of flow.dns) {
      lines.push(`    ${[lookup.type, lookup.name, lookup.outcome, lookupTime(lookup)].join("  ").trimEnd()}`);
    }
    for (const row of rows) {
      if (row === null) lines.push("");
      else {
        const cells = row.map((cell, i) =>
          i === 0 ? cell.padStart(widths[0]) : i < 4 ? cell.padEnd(widths[i]) : cell);
        lines.push(`  ${cells.join("  ").trimEnd()}`);
      }
    }
    if (flow.why) {
      const { cause, layer, certainty, why, rule, evidence, check, fix } = flow.why;
      lines.push(`${flow.failed ? "✗" : "!"} ${cause}  layer ${layer}, ${certainty}`);
      if (rule) lines.push(`    rule   ${rule}`);
      lines.push(`    why    ${why}`);
      evidence.forEach((line, i) => lines.push(`    ${i === 0 ? "seen " : "     "}  ${line}`));
      check.forEach((line, i) => lines.push(`    ${i === 0 ? "check" : "     "}  ${line}`));
      lines.push(`    fix    ${fix}`);
    }
    return lines.join("\n");
  }

  $("as-text").addEventListener("toggle", () => {
    if (flow && $("as-text").open) $("as-text").querySelector("pre").textContent = text();
  });
  new ResizeObserver(() => draw()).observe($("ladder"));

  return { show };
})();
