import { choice, element, section } from "./dom.js";
import { draw } from "./chart.js";

// Who works when: {unit, rows: [{name, spans: [[from, to, kind], ...]}]}.
export function timeline(given) {
  const host = element("div", { class: "chart" });
  const spans = given.rows.flatMap((row) => row.spans.map(([from, to, kind]) => ({ row: row.name, from, to, kind })));
  const redraw = () => draw(host, {
    height: 24 * given.rows.length, data: { values: spans }, mark: { type: "bar", height: 16 },
    encoding: {
      y: { field: "row", type: "nominal", sort: null, title: null },
      x: { field: "from", type: "quantitative", title: given.unit ?? "cycle", scale: { zero: false } }, x2: { field: "to" },
      color: { field: "kind", type: "nominal", title: null },
    },
  }, `Timeline of ${given.rows.length} rows`);
  return { node: section("timeline", given.title ?? "Timeline", given.note ? element("p", { class: "note" }, given.note) : null, host), redraw };
}

// Of a stored point: when each layer works at an image, of the chosen points' first, or the one that is asked for.
export function pipelines(model, selection) {
  const have = model.breakdown.filter((b) => b.pipeline && Object.keys(b.pipeline).length);
  const host = element("div", { class: "chart" });
  const note = element("p", { class: "note" });
  let asked = "";
  function redraw() {
    const chosen = have.filter((b) => selection.state.mask[b.point]);
    const of = have.find((b) => b.label === asked) ?? chosen[0] ?? have[0];
    const rows = Object.entries(of.pipeline).map(([row, [from, last, awake]]) => ({ row, from, to: last + 1, share: awake / (last + 1 - from) }));
    note.textContent = `One image through ${of.label}: each bar from the first cycle in which the layer works to its last result; the darker, the more of these cycles it is awake.`;
    draw(host, {
      height: 24 * rows.length, data: { values: rows }, mark: { type: "bar", height: 16 },
      encoding: {
        y: { field: "row", type: "nominal", sort: null, title: null },
        x: { field: "from", type: "quantitative", title: "cycle", scale: { zero: true } }, x2: { field: "to" },
        opacity: { field: "share", type: "quantitative", title: "awake", scale: { domain: [0, 1], range: [0.25, 1] }, legend: { format: "%" } },
      },
    }, `Pipeline of ${of.label}: ${rows.map((r) => `${r.row} from cycle ${r.from} to ${r.to}`).join(", ")}`);
  }
  const controls = element("div", { class: "controls" }, choice("point", [["", "the first that is chosen"], ...have.map((b) => [b.label, b.label])], "", (v) => { asked = v; redraw(); }));
  return have.length ? { node: section("pipeline", "Pipeline", controls, note, host), redraw } : null;
}

export function figures(list) {
  return section("figures", "Figures", ...list.map((f) => element("figure", { class: "figure" },
    element("img", { alt: f.title, src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(f.svg)}` }), element("figcaption", { class: "note" }, f.title))));
}
