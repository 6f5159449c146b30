"use strict";

// The connections: only rows that are in sight are in the document, so ten thousand cost no more than
// fifty.

const table = (() => {
  const $ = (id) => document.getElementById(id);
  const grid = $("grid");
  const body = $("body");
  const rowHeight = 30;
  const around = 8;

  const columns = [
    { key: "state", name: "State", sort: (flow) => flow.failed ? 0 : flow.isTroubled ? 1 : 2, then: stateName },
    { key: "time", name: "Time", sort: (flow) => flow.time },
    { key: "proto", name: "Proto", sort: (flow) => flow.proto },
    { key: "from", name: "Client", sort: (flow) => flow.from },
    { key: "to", name: "Called", sort: (flow) => `${flow.service ?? "~"} ${flow.to}` },
    { key: "via", name: "Endpoint", sort: (flow) => flow.via.at(-1) ?? "" },
    { key: "packets", name: "Packets", sort: (flow) => flow.packets[0] + flow.packets[1] },
    { key: "took", name: "Took", sort: (flow) => flow.took },
    { key: "cause", name: "Cause", sort: (flow) => flow.why?.cause ?? "~" },
  ];
  const collator = new Intl.Collator("en", { numeric: true });

  let shown = [];
  let selected = null;
  let order = { key: "state", isUp: true };
  let onSelect = () => {};
  let isPrinting = false;

  // MARK: Head

  function head(changed) {
    for (const column of columns) {
      const button = make("button", { type: "button", tabindex: "-1", onclick: () => {
        order = { key: column.key, isUp: order.key === column.key ? !order.isUp : true };
        changed();
      } }, column.name);
      $("columns").append(make("div",
        { role: "columnheader", class: `c-${column.key}`, "data-key": column.key }, button));
    }
  }

  function sort(flows) {
    const column = columns.find((column) => column.key === order.key);
    const sign = order.isUp ? 1 : -1;
    const keys = new Map(flows.map((flow) => [flow, column.sort(flow)]));
    const compare = (a, b) => typeof a === "number" ? a - b : collator.compare(a, b);
    flows.sort((a, b) => sign * compare(keys.get(a), keys.get(b))
      || (column.then ? sign * collator.compare(column.then(a), column.then(b)) : 0)
      || a.time - b.time || a.index - b.index);
    for (const head of $("columns").children) {
      head.setAttribute("aria-sort", head.dataset.key !== order.key
        ? "none" : order.isUp ? "ascending" : "descending");
    }
  }

  // MARK: Rows

  function row(flow, index) {
    const cell = (key, ...children) => {
      const text = children.filter((child) => typeof child === "string").join("");
      return make("div", { role: "gridcell", class: `c-${key}`, title: text }, ...children);
    };
    const repeats = flow.resent > 0 ? make("span", { class: "resent" }, ` ↻${flow.resent}`) : null;
    return make("div",
      {
        role: "row", id: `flow-${flow.index}`, "aria-rowindex": index + 2,
        "aria-selected": flow === selected ? "true" : "false",
        class: `row ${flow.outcome}`, "data-index": index,
      },
      cell("state", make("span", { class: "mark", "aria-hidden": "true" }, flow.mark),
        ` ${stateName(flow)}`),
      cell("time", clock(flow)),
      cell("proto", flow.proto.toUpperCase()),
      cell("from", flow.from),
      cell("to", flow.dns.length > 0 ? make("b", {}, `${flow.dns[0].type} ${flow.dns[0].name}`)
        : flow.service ? make("b", {}, flow.service) : null,
      `${flow.dns.length > 0 && flow.service ? ` ${flow.service}` : ""} ${flow.to}`.trimEnd()),
      cell("via", flow.via.join(", ")),
      cell("packets", `${flow.packets[0]} → ${flow.packets[1]} ←`, repeats),
      cell("took", duration(flow.took)),
      cell("cause", flow.why?.cause ?? ""));
  }

  function draw() {
    const height = grid.clientHeight || 300;
    let first = Math.max(0, Math.floor(grid.scrollTop / rowHeight) - around);
    let last = Math.min(shown.length, Math.ceil((grid.scrollTop + height) / rowHeight) + around);
    if (isPrinting) [first, last] = [0, Math.min(shown.length, 200)];
    body.style.height = `${(isPrinting ? last : shown.length) * rowHeight}px`;
    const rows = [];
    for (let i = first; i < last; i += 1) {
      const element = row(shown[i], i);
      element.style.transform = `translateY(${i * rowHeight}px)`;
      rows.push(element);
    }
    body.replaceChildren(...rows);
    grid.setAttribute("aria-rowcount", String(shown.length + 1));
    const isThere = selected !== null && body.querySelector(`#flow-${selected.index}`) !== null;
    if (isThere) grid.setAttribute("aria-activedescendant", `flow-${selected.index}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  let isDue = false;
  grid.addEventListener("scroll", () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  }, { passive: true });

  function reveal(index) {
    const head = $("columns").offsetHeight;
    const top = index * rowHeight;
    const space = grid.clientHeight - head;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + rowHeight > grid.scrollTop + space) grid.scrollTop = top + rowHeight - space;
  }

  function select(flow, isQuiet = false) {
    selected = flow;
    const index = flow ? shown.indexOf(flow) : -1;
    if (index >= 0) reveal(index);
    draw();
    onSelect(flow, isQuiet);
  }

  function move(step) {
    if (shown.length === 0) return;
    const now = selected ? shown.indexOf(selected) : -1;
    const next = now < 0 ? (step < 0 ? shown.length - 1 : 0) : now + step;
    select(shown[Math.min(shown.length - 1, Math.max(0, next))]);
  }

  body.addEventListener("click", (event) => {
    const element = event.target.closest(".row");
    if (element) select(shown[Number(element.dataset.index)]);
  });

  addEventListener("beforeprint", () => { isPrinting = true; draw(); });
  addEventListener("afterprint", () => { isPrinting = false; draw(); });
  new ResizeObserver(() => draw()).observe(grid);

  return {
    get selected() { return selected; },
    get shown() { return shown; },
    rowHeight,
    begin(changed, selecting) {
      // the port is at the end, and it is what tells clients apart
      const letters = recording.flows.slice(0, 500).reduce(
        (most, flow) => Math.max(most, flow.from.length), 0);
      grid.style.setProperty("--address", `${Math.min(30, Math.max(16, letters)) * 7.3 + 6}px`);
      onSelect = selecting;
      head(changed);
    },
    // Shows these, sorted, and keeps the selection where it is among them.
    show(flows) {
      shown = flows;
      sort(shown);
      $("nothing").hidden = shown.length > 0;
      $("grid").style.setProperty("--rows", Math.max(1, shown.length));
      grid.scrollTop = 0;
      if (selected === null || !shown.includes(selected)) select(shown[0] ?? null, true);
      else select(selected, true);
    },
    select, move, draw,
    page: () => Math.max(1, Math.floor(grid.clientHeight / rowHeight) - 2),
  };
})();
