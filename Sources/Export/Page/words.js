"use strict";

// How things read, as the terminal says them.

const layerNames = ["dns", "service", "policy", "pod-network", "node", "application"];

const stateNames = {
  "no-answer": "no answer", refused: "refused", open: "open", reset: "reset", completed: "ok",
};

function stateName(flow) {
  return stateNames[flow.state] ?? flow.state;
}

function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

// µs in the unit that fits.
function duration(micros) {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1e6) return `${(micros / 1000).toFixed(micros < 1e5 ? 1 : 0)} ms`;
  if (micros < 1e8) return `${(micros / 1e6).toFixed(micros < 1e7 ? 2 : 1)} s`;
  const seconds = Math.round(micros / 1e6);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h} h ${m} min` : `${m} min ${s} s`;
}

// Since the connection's beginning: `+0.042` ms.
function since(micros) {
  return `+${(micros / 1000).toFixed(3)}`;
}

function clock(flow) {
  if (flow.trace.begin === undefined) return `+${(flow.at / 1e6).toFixed(3)} s`;
  const time = new Date(flow.time);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
    + `.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

function route(flow) {
  const service = flow.service ? `${flow.service} ` : "";
  const via = flow.via.length > 0 ? ` ⇒ ${flow.via.join(", then ")}` : "";
  return `${flow.proto.toUpperCase()} ${flow.from} → ${service}${flow.to}${via}`
    + (flow.as ? ` (as ${flow.as})` : "");
}

function summaryOf(flow) {
  const parts = [stateName(flow)];
  if (flow.syns > 1) parts.push(`${flow.syns} SYNs`);
  if (["completed", "open", "reset"].includes(flow.state)) {
    parts.push(`${flow.packets[0]}+${flow.packets[1]} packets`, duration(flow.took));
  }
  if (flow.drops > 0) parts.push(`${flow.drops} dropped`);
  if (flow.resent > 0) parts.push(`${flow.resent} retransmitted`);
  if (flow.gaps) parts.push("may miss events");
  return parts.join(", ");
}

// What a packet is: `SYN  10.244.1.5:43122 → 10.96.0.50:80`.
function packetName(packet) {
  if (packet.icmp) return packet.icmp;
  return packet.flags && packet.flags !== "-" ? packet.flags : "";
}

function packetText(packet) {
  const parts = [packetName(packet), `${packet.from} → ${packet.to}`];
  if (packet.icmp) parts.push(`about ${packet.about}`);
  else if (packet.payload > 0) parts.push(counted(packet.payload, "byte"));
  return parts.filter((part) => part !== "").join("  ");
}

const passedNames = {
  ipForward: "ip_forward", bridgeIn: "bridge in", bridgeOut: "bridge out",
  ipvs: "ip_vs_nat_xmit", vxlanTransmit: "vxlan_xmit", vxlanReceive: "vxlan_rcv", hookSlow: "nf_hook_slow",
};

// What happened at a stop: its short name, the words behind it, and how it is drawn.
function actWords(act, flow) {
  const nth = act.endpoint && flow.of ? `endpoint ${act.endpoint} of ${flow.of}` : "";
  switch (act.do) {
    case "in": return { name: "in", text: "", kind: "plain" };
    case "out": return { name: "out", text: "", kind: "plain" };
    case "dnat":
      return { name: "DNAT", text: `→ ${act.to ?? "?"}`, more: nth, kind: "nat" };
    case "un-snat": return { name: "un-SNAT", text: `→ ${act.to ?? "?"}`, kind: "nat" };
    case "snat": return { name: "SNAT", text: `← ${act.to ?? "?"}`, kind: "nat" };
    case "un-dnat": return { name: "un-DNAT", text: `← ${act.to ?? "?"}`, kind: "nat" };
    case "encap":
      return { name: `${act.tunnel ?? "tunnel"} encap`, text: act.text ?? "", kind: "tunnel" };
    case "decap": return { name: `${act.tunnel ?? "tunnel"} decap`, text: "", kind: "tunnel" };
    case "delivered": return { name: "delivered", text: "", kind: "end" };
    case "icmp-error": return { name: "sends", text: act.text ?? "ICMP error", kind: "warn" };
    case "reset-sent": return { name: "answers RST", text: "", kind: "warn" };
    case "dropped": return { name: "dropped", text: act.text ?? "", kind: "drop" };
    case "freed": return { name: "freed", text: act.text ?? "", kind: "plain" };
    case "chains": return { name: "chains", text: "", kind: "plain" };
    case "round":
      return { name: "…", text: `${counted(act.count, "hop")} more, round and round`, kind: "warn" };
    default:
      return { name: passedNames[act.text] ?? act.text ?? act.do, text: "", kind: "plain" };
  }
}

// An element with attributes and children; text is never markup.
function make(name, attributes = {}, ...children) {
  const isSVG = svgNames.has(name);
  const element = isSVG
    ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const svgNames = new Set(["svg", "g", "line", "path", "rect", "circle", "text", "tspan", "title", "desc"]);
