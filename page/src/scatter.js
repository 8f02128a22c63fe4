import { choice, element, everyFrame, section } from "./dom.js";
import { distinct, frontOf } from "./model.js";
import { draw, scaleOf, strong } from "./chart.js";
import { overlay } from "./overlay.js";

const many = 5000; // points from which they are drawn on a canvas, smaller

function axis(column) {
  if (!column.numeric) return { type: "nominal", title: column.title };
  return { type: "quantitative", title: column.title, scale: scaleOf(column.values) };
}

// The values of a column as colours: few as kinds, many numbers along a ramp, of many texts the first as "others".
function coloured(column) {
  if (!column) return {};
  const all = distinct(column), few = !column.numeric || all.length <= 8;
  if (!few) return { color: { field: "c", type: "quantitative", title: column.title } };
  const shown = all.slice(0, all.length > 12 ? 11 : 12).map((v) => (column.numeric ? v * column.factor : v));
  const domain = [...shown, ...(all.length > 12 ? ["others"] : []), ...(column.missing ? ["none"] : [])];
  return { color: { field: "c", type: "nominal", title: column.title, scale: { domain } }, kind: (i) => (!column.has(i) ? "none" : shown.includes(column.at(i)) ? column.at(i) : "others") };
}

function spec(model, x, y, c, front) {
  const points = [], { kind, ...colour } = coloured(c);
  for (let i = 0; i < model.count; i++) {
    const p = { i, x: x.at(i), y: y.at(i), keeps: model.keeps(i) };
    if (c) p.c = kind ? kind(i) : c.has(i) ? c.at(i) : null;
    if (x.has(i) && y.has(i)) points.push(p);
  }
  const place = (i) => ({ i, x: x.at(i), y: y.at(i) });
  const line = front.map(place), best = (model.search?.best ?? []).filter((i) => x.has(i) && y.has(i)).map(place);
  const encoding = { x: { field: "x", ...axis(x) }, y: { field: "y", ...axis(y) } };
  const cross = x.goal === "max" ? "step-before" : "step-after";
  return {
    height: 400,
    layer: [
      { data: { values: points },
        mark: { type: "point", filled: true, size: model.count > many ? 10 : 50 },
        encoding: { ...encoding, ...colour, opacity: { condition: { test: "datum.keeps", value: model.count > many ? 0.45 : 0.8 }, value: model.count > many ? 0.15 : 0.25 } } },
      ...(line.length ? [{ data: { values: line }, mark: { type: "line", interpolate: cross, color: strong(), strokeWidth: 1.5 }, encoding: { ...encoding, order: { field: "x", type: "quantitative" } } },
        { data: { values: line }, mark: { type: "point", color: strong(), size: 90, strokeWidth: 1.8 }, encoding }] : []),
      ...(best.length ? [{ data: { values: best }, mark: { type: "point", shape: "diamond", filled: true, color: strong(), size: 180 }, encoding }] : []),
    ],
  };
}

// The parameter that the most points have, of few values if there is one.
function colourOf(model) {
  const gaps = (c) => { let n = 0; for (let i = 0; i < model.count; i++) n += !c.has(i); return n + (!c.numeric && distinct(c).length > 12 ? model.count : 0); };
  return model.parameters.map((c) => [gaps(c), c]).sort((a, b) => a[0] - b[0])[0]?.[1] ?? null;
}

export function scatter(model, selection) {
  const axes = [...model.results, ...model.parameters];
  const goals = [...model.results.filter((c) => c.goal && c.varies), ...axes];
  const first = (...names) => names.map((n) => goals.find((c) => c.name === n && c.varies)).find(Boolean);
  const y = first("error", "hardware_error", "absolute_energy_J", "energy_J") ?? goals[0];
  const state = { y, x: [first("absolute_area_m2", "area_m2"), first("absolute_energy_J", "energy_J"), ...goals].find((c) => c && c !== y) ?? y, c: colourOf(model) };
  const asked = (model.search?.objectives ?? []).map((o) => axes.find((c) => c.name === o.column && c.numeric)).filter((c) => c?.varies);
  if (asked.length > 1) [state.x, state.y] = asked[0].name === "error" ? [asked[1], asked[0]] : asked;
  const chart = element("div", { class: "chart" });
  const host = element("div", { id: "scatter-chart", class: "stack" }, chart);
  const note = element("p", { class: "note" });
  const options = axes.map((c) => [c.name, c.title]);
  const brushed = everyFrame((test) => selection.set("brush", test));
  let cover = null;
  selection.listen(everyFrame(() => cover?.mark()));

  async function redraw() {
    const { x, y, c } = state;
    const front = x.numeric && y.numeric && x.goal && y.goal ? frontOf(x, y, model.count, model.rival(x, y)) : [];
    note.textContent = "Drag to choose points: all below follows; a click lets go. "
      + (front.length ? `The line joins the ${front.length} point${front.length > 1 ? "s" : ""} that no other ${model.constrained ? "that keeps the constraints " : ""}beats in both. ` : "")
      + (model.constrained ? "Faint: points that break a constraint. " : "") + (model.search?.best?.length ? "Diamond: the best of the search." : "");
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
