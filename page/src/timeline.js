import { element, section } from "./dom.js";
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

export function figures(list) {
  return section("figures", "Figures", ...list.map((f) => element("figure", { class: "figure" },
    element("img", { alt: f.title, src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(f.svg)}` }), element("figcaption", { class: "note" }, f.title))));
}
