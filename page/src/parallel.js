import { element, section } from "./dom.js";
import { distinct } from "./model.js";
import { draw, faint } from "./chart.js";
import { sample } from "./selection.js";
import { digits } from "./units.js";

// A column as heights from 0 to 1: numbers by size (by logarithm over several decades), texts by order.
function heights(column) {
  const all = distinct(column);
  if (!column.numeric || all.length <= 6) {
    const place = new Map(all.map((v, k) => [v, all.length > 1 ? k / (all.length - 1) : 0.5]));
    const text = (v) => (column.numeric ? digits(v * column.factor) : v);
    return { of: (i) => (column.has(i) ? place.get(column.values[i]) : undefined), marks: all.slice(0, 12).map((v) => [place.get(v), text(v)]) };
  }
  const low = all[0], high = all.at(-1);
  const turn = low > 0 && high / low > 50 ? Math.log : (v) => v;
  const of = (v) => (turn(v) - turn(low)) / (turn(high) - turn(low));
  return { of: (i) => of(column.values[i]), marks: [low, high].map((v) => [of(v), digits(v * column.factor)]) };
}

function lines(axes, indices, chosen) {
  const rows = [];
  for (const i of indices) for (const { column, scale } of axes) {
    const y = scale.of(i);
    if (y !== undefined && !Number.isNaN(y)) rows.push({ i, axis: column.title, y, chosen });
  }
  return rows;
}

export function parallel(model, selection) {
  const columns = [...model.parameters.slice(0, 7), ...model.results.filter((c) => c.goal && c.varies).slice(0, 5)];
  const axes = columns.map((column) => ({ column, scale: heights(column) }));
  const host = element("div", { class: "broad" });
  const note = element("p", { class: "note" });
  function redraw() {
    const chosen = selection.chosen(), rest = [];
    if (selection.state.active) for (let i = 0; i < model.count; i++) if (!selection.state.mask[i]) rest.push(i);
    const drawn = sample(chosen, 600);
    note.textContent = drawn.length < chosen.length ? `${drawn.length} of the ${chosen.length} chosen points, evenly taken.` : "";
    const marks = axes.flatMap(({ column, scale }) => scale.marks.map(([y, text]) => ({ axis: column.title, y, text })));
    const order = columns.map((c) => c.title);
    const x = { field: "axis", type: "nominal", sort: order, title: null, axis: { labelAngle: host.clientWidth < 700 ? -40 : -12, grid: true, domain: false, labelLimit: 150 }, scale: { padding: 0.5 } };
    const y = { field: "y", type: "quantitative", axis: null, scale: { domain: [-0.04, 1.04] } };
    draw(host, {
      height: 300,
      layer: [
        { data: { values: lines(axes, sample(rest, 200)) }, mark: { type: "line", opacity: 0.12, color: faint(), strokeWidth: 1 }, encoding: { x, y, detail: { field: "i" } } },
        { data: { values: lines(axes, drawn) }, mark: { type: "line", opacity: drawn.length > 100 ? 0.25 : 0.6, strokeWidth: 1.3 }, encoding: { x, y, detail: { field: "i" } } },
        { data: { values: marks }, mark: { type: "text", dx: 5, align: "left", fontSize: 10, limit: 84 }, encoding: { x, y, text: { field: "text" } } },
      ],
    }, `Parallel coordinates of ${drawn.length} points over ${order.join(", ")}`, "canvas");
  }
  return { node: section("parallel", "Parallel coordinates", note, element("div", { class: "chart", tabindex: "0" }, host)), redraw };
}
