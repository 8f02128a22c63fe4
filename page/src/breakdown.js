import { choice, element, section } from "./dom.js";
import { draw } from "./chart.js";
import { shownUnit } from "./units.js";
import { hideTip, showTip } from "./tip.js";

const most = 16; // bars

const titles = { energy_J: ["energy", "J"], area_m2: ["area", "m2"] };
const bys = ["component", "layer"];

// A whole in one part tells nothing: left out.
function tells(of) { return Object.values(of ?? {}).filter((v) => v > 0).length > 1; }

function telling(breakdown) {
  return breakdown.map((b) => {
    const out = { ...b };
    for (const q of Object.keys(titles)) {
      if (!b[q]) continue;
      out[q] = Object.fromEntries(bys.filter((by) => tells(b[q][by])).map((by) => [by, b[q][by]]));
      if (!Object.keys(out[q]).length) delete out[q];
    }
    return out;
  });
}

// The best of the search first, then its front, then those that keep its constraints.
function orderOf(model) {
  const front = model.named("front"), prices = model.mixed ? model.named("prices") : null, best = new Set(model.search?.best ?? []);
  const place = ({ point: i }) => (prices?.values[i] === "relative" ? 4 : i === undefined || best.has(i) ? 0 : front?.values[i] === "front" ? 1 : model.keeps(i) ? 2 : 3);
  return telling(model.breakdown).map((b, k) => [place(b), k, b]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((of) => of[2]);
}

function shownBars(bars, selection) {
  const chosen = bars.filter((b) => b.point === undefined || selection.state.mask[b.point]);
  return (chosen.length ? chosen : bars).slice(0, most);
}

// More parts than colours that can be told apart: the small ones as one.
function fewer(rows, limit = 11) {
  const size = new Map();
  for (const r of rows) size.set(r.part, (size.get(r.part) ?? 0) + r.share);
  if (size.size <= limit + 1) return rows;
  const keep = new Set([...size].sort((a, b) => b[1] - a[1]).slice(0, limit).map(([part]) => part)), out = [], rest = new Map();
  for (const r of rows) {
    if (keep.has(r.part)) { out.push(r); continue; }
    const sum = rest.get(r.bar) ?? { bar: r.bar, part: `${size.size - limit} smaller parts`, order: 1e6, v: 0, share: 0 };
    sum.v += r.v; sum.share += r.share;
    rest.set(r.bar, sum);
  }
  return [...out, ...rest.values()];
}

function spec(bars, quantity, by, as) {
  const [label, unit] = titles[quantity];
  const totals = bars.map((b) => Object.values(b[quantity]?.[by] ?? {}).reduce((a, v) => a + v, 0));
  const { factor, unit: shown } = shownUnit(unit, Math.max(...totals));
  const rows = fewer(bars.flatMap((b, bar) => Object.entries(b[quantity]?.[by] ?? {}).map(([part, v], order) => (
    { bar: b.label, part, order, v: v * factor, share: totals[bar] ? v / totals[bar] : 0 }))));
  const parts = [...new Set(rows.filter((r) => r.v > 0).map((r) => r.part))];
  return {
    height: Math.max(26 * bars.length, 13 * parts.length + 8), data: { values: rows.filter((r) => r.v > 0) }, mark: { type: "bar" },
    encoding: {
      y: { field: "bar", type: "nominal", title: null, sort: null, axis: { labelLimit: 240 } },
      x: as === "share" ? { field: "share", type: "quantitative", stack: "zero", title: `share of the ${label}`, axis: { format: "%" } }
        : { field: "v", type: "quantitative", title: `${label} (${shown})` },
      color: { field: "part", type: "nominal", title: by, sort: null, scale: { domain: parts } },
      order: { field: "order" },
    },
  };
}

export function breakdown(model, selection) {
  const ordered = orderOf(model), have = Object.keys(titles).filter((q) => ordered.some((b) => b[q]));
  if (!have.length) return null;
  const state = { quantity: have[0], by: "component", as: "amount" };
  const host = element("div", { class: "chart" });
  const note = element("p", { class: "note" });
  async function redraw() {
    const bars = shownBars(ordered.filter((b) => b[state.quantity]?.[state.by]), selection);
    note.textContent = model.count > bars.length ? `${bars.length} of the chosen points whose parts are stored in the page${model.search ? ": the best of the search first, then its front, then others that keep its constraints" : ""}.` : "";
    const view = await draw(host, spec(bars, state.quantity, state.by, state.as), `${titles[state.quantity][0]} by ${state.by}`);
    view.addEventListener("pointermove", (event, item) => {
      const d = item?.datum;
      if (!d?.part) hideTip(); else showTip(event, d.part, [["of", d.bar], ["amount", String(Number(d.v.toPrecision(4)))], ["share", `${(100 * d.share).toFixed(1)} %`]]);
    });
    view.addEventListener("pointerout", hideTip);
  }
  const byOf = () => bys.filter((by) => ordered.some((b) => b[state.quantity]?.[by]));
  const byBox = element("span", { class: "parts-by" });
  const showBy = () => {
    const all = byOf();
    if (!all.includes(state.by)) state.by = all[0];
    byBox.replaceChildren(choice("by", all.map((b) => [b, b]), state.by, (value) => { state.by = value; redraw(); }));
  };
  const pick = (key) => (value) => { state[key] = value; showBy(); redraw(); };
  showBy();
  const controls = element("div", { class: "controls" }, choice("of", have.map((q) => [q, titles[q][0]]), state.quantity, pick("quantity")),
    byBox,
    choice("as", [["amount", "amount"], ["share", "share"]], state.as, pick("as")));
  return { node: section("breakdown", "Where it goes", controls, note, host), redraw };
}
