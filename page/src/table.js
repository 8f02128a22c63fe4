import { download, element, section } from "./dom.js";

const page = 25, onPaper = 1000; // rows

function quoted(value) {
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// All columns of the points, in SI units, every digit.
export function csvOf(model, order) {
  const rows = [model.columns.map((c) => quoted(c.name)).join(",")];
  for (const i of order) rows.push(model.columns.map((c) => (c.numeric && Number.isNaN(c.values[i]) ? "" : quoted(c.values[i]))).join(","));
  return rows.join("\r\n") + "\r\n";
}

export function table(model, selection) {
  const state = { by: null, down: false, words: "", first: 0, order: [] };
  const body = element("tbody");
  const heads = new Map();
  const status = element("span", { role: "status" }), printed = element("p", { class: "note printed" });
  const row = element("tr");
  for (const column of model.shown) {
    const button = element("button", { type: "button", onclick: () => { state.down = state.by === column ? !state.down : false; state.by = column; state.first = 0; arrange(); } }, column.title);
    const head = element("th", { scope: "col", class: `${column.numeric ? "number" : ""} ${column.varies ? "" : "same"}`.trim() || null, "aria-sort": "none" }, button);
    heads.set(column, head);
    row.append(head);
  }

  function arrange() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    let order = selection.chosen();
    if (words.length) order = order.filter((i) => { const all = model.shown.map((c) => c.full(i)).join(" ").toLowerCase(); return words.every((w) => all.includes(w)); });
    const { by, down } = state;
    if (by) {
      const sign = down ? -1 : 1;
      order.sort((a, b) => {
        const u = by.values[a], v = by.values[b];
        if (!by.numeric) return sign * u.localeCompare(v) || a - b;
        if (Number.isNaN(u) || Number.isNaN(v)) return Number.isNaN(u) - Number.isNaN(v) || a - b;
        return sign * (u - v) || a - b;
      });
    }
    for (const [column, head] of heads) head.setAttribute("aria-sort", column === by ? (down ? "descending" : "ascending") : "none");
    state.order = order;
    show();
  }
  const line = (i) => element("tr", {}, ...model.shown.map((c) => element("td", { class: `${c.numeric ? "number" : ""} ${c.varies ? "" : "same"}`.trim() || null }, c.full(i))));
  function show() {
    const last = Math.min(state.first + page, state.order.length);
    body.replaceChildren(...state.order.slice(state.first, last).map(line));
    status.textContent = state.order.length ? `rows ${state.first + 1} to ${last} of ${state.order.length}` : "no such point";
  }
  // Paper has no pages to turn: all rows, or a note of how many.
  function print() {
    const all = state.order.length, some = Math.min(all, onPaper);
    body.replaceChildren(...state.order.slice(0, some).map(line));
    const same = model.shown.filter((c) => !c.varies && c.has(0));
    printed.textContent = `${some < all ? `The first ${some} of ${all}` : `All ${all}`}${all < model.count ? ` chosen of ${model.count}` : ""} points`
      + `${same.length && model.count > 1 ? `; the same in all: ${same.map((c) => `${c.label ?? c.name} ${c.text(0)}`).join(", ")}` : ""}.`;
  }
  addEventListener("beforeprint", print);
  addEventListener("afterprint", show);
  const move = (by) => { const next = state.first + by; if (next >= 0 && next < state.order.length) { state.first = next; show(); } };
  const search = element("input", { type: "search", "aria-label": "words that rows must hold", placeholder: "filter rows", oninput: () => { state.words = search.value; state.first = 0; arrange(); } });
  const controls = element("div", { class: "controls" }, search,
    element("button", { type: "button", id: "csv", onclick: () => download("points.csv", "text/csv", csvOf(model, state.order)) }, "Download CSV"));
  const pager = element("p", { class: "controls pager" }, element("button", { type: "button", onclick: () => move(-page) }, "Previous"), element("button", { type: "button", onclick: () => move(page) }, "Next"), status);
  const wide = element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "points" }, element("table", {}, element("thead", {}, row), body));
  return { node: section("points", "Points", controls, printed, wide, pager), redraw: () => { state.first = 0; arrange(); } };
}
