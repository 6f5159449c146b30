"use strict";

// Search, filters, keys and colours.

(() => {
  const $ = (id) => document.getElementById(id);
  const { flows } = recording;

  // MARK: Filters

  function option(value, name) { return make("option", { value }, name); }

  function tally(values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  function filters() {
    const explained = flows.filter((flow) => flow.why !== null);
    $("cause").append(option("", "All causes"), ...[["failed", "Failed"], ["troubled", "Troubled"],
      ["healthy", "Healthy"]].map(([outcome, name]) =>
      [outcome, name, flows.filter((flow) => flow.outcome === outcome).length])
      .filter(([outcome, , count]) => count > 0 || outcome !== "troubled")
      .map(([outcome, name, count]) => option(outcome, `${name} (${count})`)),
      ...tally(explained.map((flow) => flow.why.cause)).map(([cause, count]) =>
        option(`=${cause}`, `${cause} (${count})`)));
    $("state").append(option("", "All states"), ...tally(flows.map((flow) => flow.state)).map(
      ([state, count]) => option(state, `${stateNames[state] ?? state} (${count})`)));
  }

  function isWanted(flow, words, cause, state) {
    if (state !== "" && flow.state !== state) return false;
    if (cause.startsWith("=") && flow.why?.cause !== cause.slice(1)) return false;
    if (cause !== "" && !cause.startsWith("=") && flow.outcome !== cause) return false;
    if (words.length === 0) return true;
    const text = recording.haystack(flow);
    return words.every((word) => text.includes(word));
  }

  const isFiltered = () =>
    $("search").value.trim() !== "" || $("cause").value !== "" || $("state").value !== "";

  function apply() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const [cause, state] = [$("cause").value, $("state").value];
    table.show(flows.filter((flow) => isWanted(flow, words, cause, state)));
    const count = table.shown.length;
    $("count").textContent = isFiltered()
      ? `${count.toLocaleString("en")} of ${flows.length.toLocaleString("en")}`
      : flows.length.toLocaleString("en");
    for (const id of ["cause", "state"]) $(id).classList.toggle("set", $(id).value !== "");
  }

  function reset() {
    for (const id of ["search", "cause", "state"]) $(id).value = "";
    apply();
  }

  // Chosen in the overview: shows just those, or all again.
  function choose(id, value) {
    const isSet = $(id).value === value;
    $("search").value = "";
    $("cause").value = "";
    if (!isSet) $(id).value = value;
    apply();
    $("grid").focus({ preventScroll: true });
    $("table").scrollIntoView({ block: "nearest" });
  }

  // MARK: Keys

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement
      || target instanceof HTMLTextAreaElement;
    if (event.key === "Escape") {
      escape(target);
    } else if (event.key === "/" && !isTyping) {
      $("search").focus();
      $("search").select();
    } else if (target === $("search") && (event.key === "ArrowDown" || event.key === "Enter")) {
      $("grid").focus();
    } else if (isTyping || !(target === $("grid") || target === document.body)) {
      return;
    } else if (!move(event.key)) {
      return;
    }
    event.preventDefault();
  }

  function move(key) {
    switch (key) {
      case "ArrowDown": table.move(1); break;
      case "ArrowUp": table.move(-1); break;
      case "PageDown": table.move(table.page()); break;
      case "PageUp": table.move(-table.page()); break;
      case "Home": table.move(-Infinity); break;
      case "End": table.move(Infinity); break;
      case "Enter":
        $("detail").focus({ preventScroll: true });
        $("detail").scrollIntoView({ block: "start" });
        break;
      default: return false;
    }
    if (key !== "Enter" && document.activeElement === document.body) {
      $("grid").focus({ preventScroll: true });
    }
    return true;
  }

  function escape(target) {
    if (target === $("search") && $("search").value === "") $("grid").focus();
    else if (target === $("search")) { $("search").value = ""; apply(); }
    else if ($("detail").contains(target)) { $("grid").focus(); $("table").scrollIntoView({ block: "nearest" }); }
    else reset();
  }

  // MARK: Colours

  // A file may keep nothing in some browsers.
  const memory = {
    get theme() { try { return localStorage.getItem("kflowtrace-theme") ?? ""; } catch { return ""; } },
    set theme(value) { try { localStorage.setItem("kflowtrace-theme", value); } catch { /* then not */ } },
  };
  const isDark = matchMedia("(prefers-color-scheme: dark)");

  function theme(value) {
    if (value === "") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    const now = value || (isDark.matches ? "dark" : "light");
    const other = now === "dark" ? "light" : "dark";
    $("theme").textContent = other === "dark" ? "☾ Dark" : "☀ Light";
    $("theme").setAttribute("aria-label", `Switch to ${other} colours`);
  }

  $("theme").addEventListener("click", () => {
    const system = isDark.matches ? "dark" : "light";
    const now = document.documentElement.dataset.theme ?? system;
    const other = now === "dark" ? "light" : "dark";
    // back to the system's own where that is what is wanted
    const next = other === system ? "" : other;
    memory.theme = next;
    theme(next);
  });
  isDark.addEventListener("change", () => theme(memory.theme));

  // MARK: Address

  function fromAddress() {
    const match = /^#c(\d+)$/.exec(location.hash);
    return match ? flows[Number(match[1]) - 1] ?? null : null;
  }

  // A key that is held down goes through rows faster than diagrams are drawn: the last one is.
  let isDue = false;

  function selected(flow, isQuiet) {
    if (isQuiet) {
      detail.show(flow);
    } else if (!isDue) {
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        detail.show(table.selected);
        history.replaceState(null, "", table.selected ? `#c${table.selected.index + 1}` : "#");
      });
    }
  }

  theme(memory.theme);
  overview.show({
    cause: (cause) => choose("cause", `=${cause}`),
    endpoint: (endpoint) => choose("search", endpoint),
  });
  filters();
  table.begin(apply, selected);
  apply();
  const asked = fromAddress();
  if (asked) table.select(asked, true);
  addEventListener("hashchange", () => {
    const flow = fromAddress();
    if (flow && flow !== table.selected) table.select(flow, true);
  });

  let timer = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, flows.length > 2000 ? 80 : 0);
  });
  for (const id of ["cause", "state"]) $(id).addEventListener("change", apply);
  $("reset").addEventListener("click", reset);
  document.addEventListener("keydown", key);
  document.documentElement.dataset.ready = "true";
})();
