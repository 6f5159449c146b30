"use strict";

// What was recorded, and what it adds up to.

const overview = (() => {
  const $ = (id) => document.getElementById(id);
  const { traces, sums, flows } = recording;
  const distinct = (values) => [...new Set(values.filter((value) => value !== undefined))];

  const recorded = traces.reduce((sum, trace) => sum + (trace.recorded ?? 0), 0);
  const isFiltered = recorded > sums.connections;

  function head() {
    const failed = sums.failed > 0;
    document.documentElement.dataset.outcome = failed ? "failed" : "healthy";
    const selections = distinct(traces.map((trace) => trace.selection));
    const title = selections.join(" · ") || "A recording";
    $("selection").textContent = title;
    document.title = `${failed ? `✗ ${sums.failed} failed` : "✓"} · ${title} · kflowtrace`;

    const verdict = $("verdict");
    if (sums.connections === 0) {
      verdict.append("No connection was recorded");
    } else if (failed) {
      const all = sums.failed === sums.connections;
      const shown = isFiltered ? " shown" : "";
      verdict.append(
        make("span", { class: "mark", "aria-hidden": "true" }, "✗"),
        make("strong", {}, all
          ? `${sums.failed === 1 ? "The only connection" : `All ${counted(sums.failed, "connection")}`}${shown} failed`
          : `${sums.failed.toLocaleString("en")} of ${counted(sums.connections, "connection")}${shown} failed`));
    } else {
      verdict.append(
        make("span", { class: "mark", "aria-hidden": "true" }, "✓"),
        `${counted(sums.connections, "connection")}${isFiltered ? " shown" : ""}, none failed`);
    }
    facts();
    notices();
    const version = distinct(traces.map((trace) => trace.version))[0];
    $("made").textContent =
      `Made by kflowtrace${version ? ` ${version}` : ""}. This page loads nothing from anywhere.`;
  }

  function facts() {
    const list = $("facts");
    const fact = (name, value, more = {}) => {
      if (value) list.append(make("div", more, make("dt", {}, name), make("dd", {}, value)));
    };
    const many = (name, key) => {
      const values = distinct(traces.map((trace) => trace[key]));
      fact(values.length > 1 ? `${name}s` : name, values.join(", "));
    };
    many("Node", "node");
    many("Kernel", "kernel");
    many("Backend", "backend");
    const begin = traces.map((trace) => trace.begin).filter((time) => time !== undefined);
    if (begin.length > 0) {
      const time = new Date(Math.min(...begin));
      fact("Recorded", time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }),
        { title: time.toISOString() });
    }
    fact("For", duration(sums.duration));
    const names = distinct(traces.flatMap((trace) => trace.namespaces ?? []));
    fact(names.length === 1 ? "Namespace" : "Namespaces", names.length > 4
      ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", "),
      { title: names.join(", ") });
    fact("Events lost", sums.lost > 0 ? sums.lost.toLocaleString("en") : "none",
      { class: sums.lost > 0 ? "warn" : "" });
  }

  // What the reader has to know before trusting the page.
  function notices() {
    const notice = (text) => $("notices").append(make("p", { class: "notice" }, text));
    if (sums.lost > 0) {
      notice(`${counted(sums.lost, "event")} lost: timelines may have gaps. A larger --buffer helps.`);
    }
    if (sums.truncated > 0) {
      notice(`${counted(sums.truncated, "packet")} with headers cut short, not traced.`);
    }
    if (traces.some((trace) => trace.cutOff)) {
      notice("The recording has no end: it was cut off, and what came after is missing.");
    } else {
      if (isFiltered) {
        notice(`${counted(sums.connections, "connection")} of ${recorded.toLocaleString("en")} recorded `
          + "ones: the others were filtered out when this page was made.");
      }
    }
    if (flows.length < sums.connections) {
      notice(`The first ${flows.length.toLocaleString("en")} of `
        + `${counted(sums.connections, "connection")} are listed; the sums are of all.`);
    }
  }

  // MARK: Causes

  function causes(choose) {
    if (sums.causes.length === 0) return;
    $("causes").hidden = false;
    const isAllDelay = sums.causes.every((row) => row.severity);
    if (isAllDelay) $("causes-title").textContent = "What went less than well";
    const hit = new Map();
    for (const row of sums.causes.filter((row) => !row.severity)) hit.set(row.layer, (hit.get(row.layer) ?? 0) + row.connections);
    for (const layer of layerNames) {
      const count = hit.get(layer);
      $("layers").append(make("li", { class: count ? "hit" : "", title: count
        ? `${counted(count, "connection")} failed in this layer` : "nothing failed in this layer" },
        make("span", {}, layer), count ? make("b", {}, count.toLocaleString("en")) : null));
    }
    const most = Math.max(...sums.causes.map((row) => row.connections));
    const rows = [...sums.causes].sort((a, b) => b.connections - a.connections);
    for (const row of rows) {
      const bar = make("i", { class: row.severity ? "fill late" : "fill bad" });
      bar.style.width = `${row.connections / most * 100}%`;
      const packets = row.packets > 0 ? `, ${counted(row.packets, "packet")} dropped` : "";
      $("cause-rows").append(make("li", {}, make("button",
        { type: "button", class: row.severity ? "late" : "", title: `Show those of ${row.cause}`, onclick: () => choose(row.cause) },
        make("span", { class: "name" }, row.cause),
        make("span", { class: "track", "aria-hidden": "true" }, bar),
        make("span", { class: "value" },
          `${counted(row.connections, "connection")}${row.severity ? ` ${row.severity}ed` : ""}${packets}`))));
    }
    for (const spread of sums.spreads) {
      if (!spread.failing) continue;
      const [endpoint, count, failed] = spread.failing;
      const all = spread.endpoints.reduce((sum, row) => sum + row[1], 0);
      const share = spread.endpointCount > 1
        ? ` About ${Math.floor(100 / spread.endpointCount)} % of its connections go there.` : "";
      $("findings").append(make("p", { class: "finding" },
        make("b", {}, "endpoint-failing"),
        ` ${spread.service} fails only through `, make("code", {}, endpoint),
        `: ${failed} of ${count} there, none of ${all - count} elsewhere.${share}`));
    }
  }

  // MARK: DNS

  function dns() {
    const { dns } = sums;
    if (!dns) return;
    $("dns").hidden = false;
    const say = (...words) => $("dns-words").append(make("p", {}, ...words));
    say(counted(dns.questions, "question"),
      dns.unanswered > 0 ? make("b", { class: "bad" }, `, ${dns.unanswered} unanswered`) : ", all answered",
      dns.retries > 0 ? make("b", { class: "late" }, `, ${dns.retries} asked again`) : "");
    if (dns.codes.length > 0) {
      say(...dns.codes.flatMap((row, i) => [i > 0 ? ", " : "",
        make("span", { class: row.bad ? "bad" : "" }, `${row.count} ${row.code}`)]));
    }
    if (dns.median !== undefined) say(`${duration(dns.median)} median, ${duration(dns.worst)} worst`);
    if (dns.search) {
      say(make("span", { class: "late" }, `search lists cost ${counted(dns.search.questions, "question")} `
        + `and ${duration(dns.search.lost)} before ${counted(dns.search.answers, "answer")}`));
    }
  }

  // MARK: Endpoints

  const shownServices = 6;
  const shownEndpoints = 24;

  function spreads(choose) {
    const groups = sums.spreads.filter((spread) => spread.endpoints.length > 0).map((spread) => ({
      ...spread, name: spread.service,
    }));
    if (sums.others.length > 0) {
      groups.push({
        name: groups.length > 0 ? "no Service known" : "", endpointCount: 0, endpoints: sums.others,
      });
    }
    if (groups.length === 0) return;
    $("spread").hidden = false;
    const failures = (group) => group.endpoints.reduce((sum, row) => sum + row[2], 0);
    groups.sort((a, b) => failures(b) - failures(a));
    for (const group of groups.slice(0, shownServices)) $("spread-rows").append(chart(group, choose));
    if (groups.length > shownServices) {
      $("spread-rows").append(make("details", {},
        make("summary", {}, `${counted(groups.length - shownServices, "more Service")}`),
        ...groups.slice(shownServices).map((group) => chart(group, choose))));
    }
  }

  function chart(group, choose) {
    const rows = group.endpoints;
    const all = rows.reduce((sum, row) => sum + row[1], 0);
    // a client that stays with its endpoint draws none
    const isDrawn = group.endpointCount > 1 && !group.affinity && all >= 10;
    const expected = isDrawn ? all / group.endpointCount : 0;
    const most = Math.max(expected, ...rows.map((row) => row[1]), 1);
    const list = make("ul", { class: "bars" });
    for (const [endpoint, count, failed] of rows.slice(0, shownEndpoints)) {
      const good = make("i", { class: "fill" });
      const bad = make("i", { class: "fill bad" });
      good.style.width = `${(count - failed) / most * 100}%`;
      bad.style.width = `${failed / most * 100}%`;
      const track = make("span", { class: "track", "aria-hidden": "true" },
        failed > 0 ? bad : null, count > failed ? good : null);
      if (isDrawn) {
        const line = make("i", { class: "expected" });
        line.style.left = `${expected / most * 100}%`;
        track.append(line);
      }
      const share = all >= 10 && rows.length > 1 ? `${Math.round(count / all * 100)} %` : "";
      list.append(make("li", {}, make("button",
        {
          type: "button", class: failed > 0 ? "failing" : count === 0 ? "unused" : "",
          title: `Show those to ${endpoint}`, onclick: () => choose(endpoint),
        },
        make("span", { class: "name" }, failed > 0 ? "✗ " : "", endpoint),
        track,
        make("span", { class: "value" },
          failed > 0 ? make("b", {}, `${failed.toLocaleString("en")} of ${count.toLocaleString("en")} failed`)
            : count.toLocaleString("en"),
          share ? make("span", { class: "dim" }, ` ${share}`) : null))));
    }
    const more = rows.length > shownEndpoints ? `, ${rows.length - shownEndpoints} more not shown` : "";
    const notes = [];
    if (isDrawn) notes.push(`┊ expected share ${Math.round(100 / group.endpointCount)} %`);
    if (group.affinity && group.endpointCount > 1) {
      notes.push(`sessionAffinity ClientIP: for ${group.affinity} s a client stays with one endpoint`);
    }
    return make("div", { class: "group" },
      group.name ? make("h3", {}, group.name, make("span", { class: "dim" },
        ` ${counted(all, "connection")}`
        + (group.endpointCount > 0 ? `, ${counted(group.endpointCount, "endpoint")}` : "") + more)) : null,
      list, notes.length > 0 ? make("p", { class: "dim note" }, notes.join(" · ")) : null);
  }

  return {
    show({ cause, endpoint }) {
      head();
      causes(cause);
      dns();
      spreads(endpoint);
    },
  };
})();
