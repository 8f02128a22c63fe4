import { choice, element, everyFrame, section } from "./dom.js";
import { distinct, frontOf } from "./model.js";
import { draw, scaleOf, strong } from "./chart.js";
import { overlay } from "./overlay.js";

const many = 5000; // points from which they are drawn on a canvas, smaller

function axis(column) {
  if (!column.numeric) return { type: "nominal", title: column.title };
  return { type: "quantitative", title: column.title, scale: scaleOf(column.values) };
}

function coloured(column) {
  if (!column) return {};
  const few = !column.numeric || distinct(column).length <= 8;
  return { color: { field: "c", type: few ? "nominal" : "quantitative", title: column.title } };
}

function spec(model, x, y, c, front) {
  const points = [];
  for (let i = 0; i < model.count; i++) {
    const p = { i, x: x.at(i), y: y.at(i) };
    if (c) p.c = c.at(i);
    if ((!x.numeric || Number.isFinite(p.x)) && (!y.numeric || Number.isFinite(p.y))) points.push(p);
  }
  const line = front.map((i) => ({ i, x: x.at(i), y: y.at(i) }));
  const encoding = { x: { field: "x", ...axis(x) }, y: { field: "y", ...axis(y) } };
  const cross = x.goal === "max" ? "step-before" : "step-after";
  return {
    height: 400,
    layer: [
      { data: { values: points },
        mark: { type: "point", filled: true, size: model.count > many ? 10 : 50, opacity: model.count > many ? 0.45 : 0.8 },
        encoding: { ...encoding, ...coloured(c) } },
      ...(line.length ? [{ data: { values: line }, mark: { type: "line", interpolate: cross, color: strong(), strokeWidth: 1.5 }, encoding: { ...encoding, order: { field: "x", type: "quantitative" } } },
        { data: { values: line }, mark: { type: "point", color: strong(), size: 90, strokeWidth: 1.8 }, encoding }] : []),
    ],
  };
}

export function scatter(model, selection) {
  const axes = [...model.results, ...model.parameters];
  const goals = [...model.results.filter((c) => c.goal && c.varies), ...axes];
  const first = (...names) => names.map((n) => goals.find((c) => c.name === n && c.varies)).find(Boolean);
  const y = first("error", "hardware_error", "energy_J") ?? goals[0];
  const state = { y, x: [first("area_m2"), first("energy_J"), ...goals].find((c) => c && c !== y) ?? y, c: model.parameters[0] ?? null };
  const chart = element("div", { class: "chart" });
  const host = element("div", { id: "scatter-chart", class: "stack" }, chart);
  const note = element("p", { class: "note" });
  const options = axes.map((c) => [c.name, c.title]);
  const brushed = everyFrame((test) => selection.set("brush", test));
  let cover = null;
  selection.listen(everyFrame(() => cover?.mark()));

  async function redraw() {
    const { x, y, c } = state;
    const front = x.numeric && y.numeric && x.goal && y.goal ? frontOf(x, y, model.count) : [];
    note.textContent = "Drag to choose points: all below follows; a click lets go. "
      + (front.length ? `The line joins the ${front.length} point${front.length > 1 ? "s" : ""} that no other beats in both.` : "");
    cover?.remove();
    selection.set("brush", null);
    const view = await draw(chart, spec(model, x, y, c, front), `${y.title} against ${x.title} of ${model.count} points`, model.count > many ? "canvas" : "svg");
    cover = overlay(host, view, model, selection, x, y, brushed);
  }
  const pick = (key) => (name) => { state[key] = axes.find((c) => c.name === name) ?? null; redraw(); };
  const controls = element("div", { class: "controls" }, choice("horizontal", options, state.x.name, pick("x")), choice("vertical", options, state.y.name, pick("y")),
    choice("colour", [["", "none"], ...options], state.c?.name ?? "", pick("c")));
  return { node: section("scatter", "Trade-offs", controls, note, host), redraw };
}
