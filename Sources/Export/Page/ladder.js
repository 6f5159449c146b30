"use strict";

// The diagram of one connection: a line for each place, an arrow for each packet.

const ladder = (() => {
  const gutter = 92;
  const right = 66;
  const letter = 6.3;
  const least = 54;
  const most = 150;
  // Longer conversations are folded to what tells something.
  const foldLimit = 14;

  const textWidth = (text) => text.length * letter;

  // Finds room for a label in rows below a line, the nearest first.
  class Shelf {
    constructor(left, width) {
      this.left = left;
      this.width = width;
      this.levels = [];
    }

    place(center, width) {
      const x = Math.max(this.left, Math.min(center - width / 2, this.width - width - 4));
      let level = 0;
      while (this.levels[level]?.some(([a, b]) => x < b + 6 && x + width > a - 6)) level += 1;
      (this.levels[level] ??= []).push([x, x + width]);
      return { x, level };
    }
  }

  // Text in lines of at most so many letters, broken at spaces where there are any.
  function wrap(text, letters) {
    const lines = [];
    let line = "";
    for (const word of text.split(" ")) {
      let rest = word;
      if (line !== "" && line.length + 1 + rest.length > letters) {
        lines.push(line);
        line = "";
      }
      while (rest.length > letters) {
        lines.push(rest.slice(0, letters));
        rest = rest.slice(letters);
      }
      line = line === "" ? rest : `${line} ${rest}`;
    }
    lines.push(line);
    return lines;
  }

  function cut(text, width) {
    const letters = Math.max(3, Math.floor(width / letter));
    return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
  }

  class Drawing {
    constructor(flow, packets, width, isOpen) {
      this.flow = flow;
      this.packets = packets;
      this.kept = new Set(isOpen ? packets : this.telling());
      this.lanes = lanes.order(packets.filter((packet) => this.kept.has(packet)));
      const room = (width - gutter - 14 - right) / Math.max(1, this.lanes.length - 1);
      this.spacing = Math.max(least, Math.min(most, room));
      this.width = Math.max(
        width, gutter + 14 + right + this.spacing * Math.max(0, this.lanes.length - 1));
      this.left = gutter + 14 + Math.max(0, (width - gutter - 14 - right
        - this.spacing * (this.lanes.length - 1)) / 2);
      this.back = make("g", { class: "back" });
      this.lines = make("g", { class: "lanes" });
      this.rows = make("g");
      // what was said in full once is short from then on
      this.said = new Set();
    }

    // Where a lane's line is.
    x(lane) { return this.left + lane * this.spacing; }

    draw() {
      let y = this.head();
      const top = y;
      let last = null;
      let folded = 0;
      for (const packet of this.packets) {
        if (!this.kept.has(packet)) {
          folded += 1;
          continue;
        }
        if (folded > 0) y = this.fold(folded, y);
        else if (last !== null && packet.begin - last.begin >= 20_000) y = this.pause(packet, last, y);
        y = this.packet(packet, y);
        last = packet;
        folded = 0;
      }
      y += 12;
      this.lifelines(top, y);
      return make("svg",
        {
          role: "img", viewBox: `0 0 ${this.width} ${y}`, width: this.width, height: y,
          "aria-label": this.description(),
        }, this.back, this.lines, this.rows);
    }

    // The first and last packets, those that died, and those beside them.
    telling() {
      const { packets } = this;
      if (packets.length <= foldLimit) return packets;
      const isTelling = packets.map((packet, i) => i < 3 || i === packets.length - 1
        || packet.drop !== null || packet.icmp !== undefined || packet.repeats > 0
        || packet.flags.includes("RST") || this.isLastWord(packet));
      return packets.filter((_, i) => isTelling[i] || isTelling[i - 1] || isTelling[i + 1]);
    }

    description() {
      const { flow } = this;
      const parts = [`${route(flow)}: ${summaryOf(flow)}.`];
      for (const packet of this.packets.filter((packet) => packet.drop)) {
        const act = packet.drop.acts.find((act) => act.do === "dropped");
        parts.push(`${packetName(packet) || "Packet"} ${packet.repeats > 0 ? `×${packet.repeats + 1} ` : ""}`
          + `dropped in ${packet.drop.place.netns} ${packet.drop.place.name}: ${act.text}.`);
      }
      return parts.join(" ");
    }

    // MARK: Lanes

    head() {
      const half = this.spacing / 2 - 4;
      lanes.groups(this.lanes).forEach((group, i) => {
        const [a, b] = [this.x(group.begin) - half, this.x(group.end) + half];
        this.lines.append(make("g", { class: `netns n${i % 2}` },
          make("rect", { x: a, y: 2, width: b - a, height: 22, rx: 5 }),
          make("text", { x: (a + b) / 2, y: 17 }, cut(group.netns, b - a - 6)),
          make("title", {}, group.netns)));
      });
      const isTight = this.lanes.some((lane) => textWidth(lane.place.name) > this.spacing - 6);
      this.lanes.forEach((lane, i) => {
        const y = isTight && i % 2 === 1 ? 56 : 42;
        const width = isTight ? this.spacing * 2 - 6 : this.spacing;
        this.lines.append(make("g", { class: `lane ${this.kind(lane)}` },
          make("text", { x: this.x(i), y }, cut(lane.place.name, width)),
          make("title", {}, `${lane.place.name} in ${lane.place.netns}`)));
      });
      this.headEnd = isTight ? 62 : 48;
      return this.headEnd + 6;
    }

    kind(lane) { return lane.isTunnel ? "tunnel" : lane.place.hook ? "hook" : "device"; }

    lifelines(top, bottom) {
      const half = this.spacing / 2 - 4;
      lanes.groups(this.lanes).forEach((group, i) => {
        const a = this.x(group.begin) - half;
        this.back.prepend(make("rect", { class: `netns n${i % 2}`, x: a, y: this.headEnd,
          width: this.x(group.end) + half - a, height: bottom - this.headEnd, rx: 5 }));
      });
      this.lanes.forEach((lane, i) => {
        this.lines.append(make("line", { class: `life ${this.kind(lane)}`,
          x1: this.x(i), x2: this.x(i), y1: top - 2, y2: bottom - 4 }));
      });
    }

    pause(packet, last, y) { return this.gap(`${duration(packet.begin - last.begin)} later`, y); }

    fold(count, y) { return this.gap(`⋯ ${counted(count, "packet")} more`, y); }

    gap(text, y) {
      const middle = y + 9;
      this.rows.append(
        make("line", { class: "pause", x1: 14, x2: this.width - 8, y1: middle, y2: middle }),
        make("text", { class: "pause", x: 14, y: middle + 4 }, text));
      return y + 22;
    }

    // MARK: Packets

    packet(packet, y) {
      const runs = lanes.runs(packet, this.lanes);
      const isLast = this.isLastWord(packet);
      const group = make("g", { class: `packet${packet.drop || isLast ? " died" : ""}`
        + `${packet.icmp || packet.flags.includes("RST") ? " bad" : ""}` });
      this.rows.append(group);
      const begin = y;
      y += 18;
      this.title(packet, runs[0], group, y);
      const state = {
        inTunnel: packet.beginsInTunnel,
        isTranslated: packet.stops.some((stop) => stop.acts.some((act) => act.do.startsWith("un-"))),
        isLast,
      };
      runs.forEach((run, i) => {
        y = this.run(packet, run, i === runs.length - 1, state, group, y);
      });
      if (packet.drop || isLast) {
        this.back.append(
          make("rect", { class: "died", x: 4, y: begin + 1, width: this.width - 8, height: y - begin - 1,
            rx: 6 }),
          make("rect", { class: "edge", x: 4, y: begin + 1, width: 4, height: y - begin - 1, rx: 2 }));
      }
      return y + 4;
    }

    // The last that was seen of a client nobody answered, if nothing dropped it.
    isLastWord(packet) {
      if (this.lastWord === undefined) {
        const { flow } = this;
        const isLost = flow.failed && flow.state === "no-answer"
          && !this.packets.some((packet) => packet.drop);
        this.lastWord = isLost
          ? this.packets.findLast((packet) => !packet.isReply && !packet.icmp) ?? null : null;
      }
      return packet === this.lastWord;
    }

    title(packet, run, group, y) {
      const begin = packet.begin < 1e6
        ? `${since(packet.begin)} ms` : `+${(packet.begin / 1e6).toFixed(3)} s`;
      group.append(make("text", { class: "begin", x: 14, y }, begin));
      const flags = packetName(packet);
      const name = flags || this.flow.proto.toUpperCase();
      const rest = `${flags ? "" : "  "}${packetText(packet).slice(flags.length)}`;
      const times = packet.repeats > 0 ? `  ×${packet.repeats + 1}` : "";
      const width = textWidth(name + rest + times) + 8;
      const x = this.x(run.stops[0].lane);
      const from = run.step > 0 ? x - 8 : x + 8 - width;
      const label = make("text", { class: "title", y,
        x: Math.max(gutter, Math.min(from, this.width - width - 4)) },
        make("tspan", { class: "what" }, name), rest);
      if (times) label.append(make("tspan", { class: "times" }, times));
      group.append(label);
    }

    run(packet, run, isEnd, state, group, top) {
      const y = top + 24;
      const shelf = new Shelf(gutter, this.width);
      const marks = make("g");
      let drop = null;
      run.stops.forEach((stop, i) => {
        const last = run.stops[i - 1];
        const isDrop = stop.acts.some((act) => act.do === "dropped");
        let x = this.x(stop.lane);
        if (last && last.lane === stop.lane) {
          x = last.x + run.step * Math.min(30, this.spacing * 0.45);
        }
        stop.x = x;
        if (last) {
          const kind = state.inTunnel ? "tunnel" : state.isTranslated ? "nat" : "plain";
          const isArrow = isEnd && i === run.stops.length - 1 && !isDrop;
          group.append(make("line", { class: `seg ${kind}`, x1: last.x, x2: isArrow ? x - run.step * 12 : x,
            y1: y, y2: y }));
          if (isArrow) {
            group.append(make("path", { class: `arrow ${kind}`,
              d: `M${x - run.step * 5} ${y}l${-run.step * 10} -5v10z` }));
          }
        }
        const kinds = stop.acts.map((act) => this.act(act, stop, shelf, marks, y, state));
        if (isDrop) {
          drop = stop;
        } else if (!stop.isTurn) {
          const kind = ["nat", "tunnel", "warn", "end"].find((kind) => kinds.includes(kind)) ?? "plain";
          marks.append(make("circle", { class: `dot ${kind}`, cx: x, cy: y,
            r: kind === "plain" ? 3.2 : 4.6 },
            make("title", {}, this.stopTitle(packet, stop))));
          const isRound = stop.acts.some((act) => act.do === "round");
          if ((stop.after > 0 || i > 0) && !isRound) {
            marks.append(make("text", { class: "after", x, y: y - 8 }, `+${short(stop.after)}`));
          }
        } else {
          group.append(make("line", { class: "seg turn", x1: x, x2: x, y1: top - 8, y2: y }));
        }
      });
      group.append(marks);
      let bottom = y + 10 + shelf.levels.length * 17;
      const end = run.stops.at(-1);
      if (drop) bottom = this.drop(packet, drop, group, y, bottom);
      else if (isEnd && state.isLast) bottom = this.lastSeen(end, group, y, bottom);
      return bottom;
    }

    stopTitle(packet, stop) {
      const words = stop.acts.map((act) => {
        const { name, text, more } = actWords(act, this.flow);
        return [name, text, more].filter(Boolean).join(" ");
      });
      return `${stop.place.netns} ${stop.place.name}: ${words.join(", ")}\n`
        + `${since(packet.begin + stop.after)} ms`;
    }

    // What NAT, the tunnel or the sockets did, below the line.
    act(act, stop, shelf, group, y, state) {
      const { name, text, more, kind } = actWords(act, this.flow);
      if (act.do === "encap") state.inTunnel = true;
      if (act.do === "decap") state.inTunnel = false;
      if (kind === "nat") state.isTranslated = !act.do.startsWith("un-");
      if (kind === "drop" || act.do === "in" || act.do === "out" || stop.isTurn) return kind;
      const full = [name, text, more].filter(Boolean).join(" ");
      const isKnown = this.said.has(full);
      this.said.add(full);
      if (isKnown && kind === "end") return kind;
      const label = isKnown && kind !== "warn" ? name.replace(/^\S+ (encap|decap)$/, "$1") : full;
      const width = textWidth(label) + (kind === "plain" || kind === "end" ? 2 : 12);
      const { x, level } = shelf.place(stop.x, width);
      const top = y + 9 + level * 17;
      if (kind !== "plain" && kind !== "end") {
        group.prepend(make("line", { class: `stem ${kind}`, x1: stop.x, x2: stop.x, y1: y, y2: top }));
      }
      const place = make("g", { class: `label ${kind}` });
      if (kind !== "plain" && kind !== "end") {
        place.append(make("rect", { x, y: top, width, height: 15, rx: 4 }));
      }
      place.append(make("text", { x: x + width / 2, y: top + 11 }, label));
      group.append(place);
      return kind;
    }

    // MARK: Ends

    drop(packet, stop, group, y, bottom) {
      const act = stop.acts.find((act) => act.do === "dropped");
      const count = packet.repeats > 0 ? ` ×${packet.repeats + 1}` : "";
      const lines = [
        [`✗ dropped${count} in ${stop.place.netns} ${stop.place.name} after ${short(stop.after)}`, "loud"],
      ];
      const letters = Math.floor(Math.min(520, this.width - gutter - 30) / letter);
      for (const line of wrap(act.text ?? "", letters)) lines.push([line, ""]);
      if (act.rule) for (const line of wrap(`rule ${act.rule}`, letters)) lines.push([line, ""]);
      if (act.from && act.from !== packet.from || act.dest && act.dest !== packet.to) {
        lines.push([`as ${act.from} → ${act.dest}`, "dim"]);
      }
      bottom = this.callout(lines, stop.x, group, y, bottom, "drop");
      const r = 11;
      const d = 4.6;
      group.append(make("g", { class: "cross" },
        make("circle", { cx: stop.x, cy: y, r }),
        make("path", { d: `M${stop.x - d} ${y - d}l${2 * d} ${2 * d}M${stop.x - d} ${y + d}l${2 * d} ${-2 * d}` }),
        make("title", {}, this.stopTitle(packet, stop))));
      return bottom;
    }

    lastSeen(stop, group, y, bottom) {
      const isDelivered = stop.acts.some((act) => act.do === "delivered");
      const lines = [[isDelivered ? "delivered here, and no answer came" : "last seen here", "loud"],
        [`${stop.place.netns} ${stop.place.name}`, ""]];
      group.append(make("circle", { class: "lost", cx: stop.x, cy: y, r: 10 }));
      return this.callout(lines, stop.x, group, y, bottom, "lost");
    }

    callout(lines, x, group, y, bottom, kind) {
      const width = Math.max(...lines.map(([line, style]) =>
        textWidth(line) * (style === "loud" ? 1.09 : 1.02))) + 20;
      const left = Math.max(gutter, Math.min(x - width / 2, this.width - width - 12));
      const top = bottom + 6;
      const box = make("g", { class: `callout ${kind}` },
        make("rect", { x: left, y: top, width, height: lines.length * 16 + 10, rx: 5 }));
      lines.forEach(([line, style], i) => box.append(
        make("text", { class: style, x: left + 10, y: top + 17 + i * 16 }, line)));
      group.prepend(make("line", { class: "pointer", x1: x, x2: x, y1: y, y2: top }));
      group.append(box);
      return top + lines.length * 16 + 14;
    }
  }

  // µs in few letters.
  function short(micros) {
    if (micros < 1000) return `${micros} µs`;
    if (micros < 1e6) return `${(micros / 1000).toFixed(micros < 1e4 ? 1 : 0)} ms`;
    return `${(micros / 1e6).toFixed(1)} s`;
  }

  return {
    // How many packets are folded away comes with it.
    draw(flow, packets, width, isOpen) {
      const drawing = new Drawing(flow, packets, width, isOpen);
      return { svg: drawing.draw(), folded: packets.length - drawing.kept.size };
    },
  };
})();
