import { choice, element, section } from "./dom.js";
import { draw } from "./chart.js";
import { shownUnit } from "./units.js";
import { hideTip, showTip } from "./tip.js";

const most = 16; // bars

const titles = { energy_J: ["energy", "J"], area_m2: ["area", "m2"] };
const bys = ["component", "layer"];

function shownBars(model, selection) {
  const chosen = model.breakdown.filter((b) => b.point === undefined || selection.state.mask[b.point]);
  return (chosen.length ? chosen : model.breakdown).slice(0, most);
}

function spec(bars, quantity, by, as) {
  const [label, unit] = titles[quantity];
  const totals = bars.map((b) => Object.values(b[quantity]?.[by] ?? {}).reduce((a, v) => a + v, 0));
  const { factor, unit: shown } = shownUnit(unit, Math.max(...totals));
  const rows = bars.flatMap((b, bar) => Object.entries(b[quantity]?.[by] ?? {}).map(([part, v], order) => (
    { bar: b.label, part, order, v: v * factor, share: totals[bar] ? v / totals[bar] : 0 })));
  const parts = [...new Set(rows.map((r) => r.part))];
  return {
    height: Math.max(26 * bars.length, 13 * parts.length + 8), data: { values: rows }, mark: { type: "bar" },
    encoding: {
      y: { field: "bar", type: "nominal", title: null, sort: null, axis: { labelLimit: 240 } },
      x: as === "share" ? { field: "share", type: "quantitative", stack: "zero", title: `share of the ${label}`, axis: { format: "%" } }
        : { field: "v", type: "quantitative", title: `${label} (${shown})` },
      color: { field: "part", type: "nominal", title: by, sort: null, scale: parts.length > 12 ? { scheme: "tableau20", domain: parts } : { domain: parts } },
      order: { field: "order" },
    },
  };
}

export function breakdown(model, selection) {
  const have = Object.keys(titles).filter((q) => model.breakdown.some((b) => b[q]));
  const state = { quantity: have[0], by: "component", as: "amount" };
  const host = element("div", { class: "chart" });
  const note = element("p", { class: "note" });
  async function redraw() {
    const bars = shownBars(model, selection);
    note.textContent = model.count > bars.length ? `The first ${bars.length} of the chosen points whose parts are stored in the page.` : "";
    const view = await draw(host, spec(bars, state.quantity, state.by, state.as), `${titles[state.quantity][0]} by ${state.by}`);
    view.addEventListener("pointermove", (event, item) => {
      const d = item?.datum;
      if (!d?.part) hideTip(); else showTip(event, d.part, [["of", d.bar], ["amount", String(Number(d.v.toPrecision(4)))], ["share", `${(100 * d.share).toFixed(1)} %`]]);
    });
    view.addEventListener("pointerout", hideTip);
  }
  const pick = (key) => (value) => { state[key] = value; redraw(); };
  const controls = element("div", { class: "controls" }, choice("of", have.map((q) => [q, titles[q][0]]), state.quantity, pick("quantity")),
    choice("by", bys.map((b) => [b, b]), state.by, pick("by")),
    choice("as", [["amount", "amount"], ["share", "share"]], state.as, pick("as")));
  return { node: section("breakdown", "Where it goes", controls, note, host), redraw };
}
