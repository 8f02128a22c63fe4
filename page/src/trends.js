import { choice, element, section } from "./dom.js";
import { distinct } from "./model.js";
import { draw, faint, scaleOf, strong } from "./chart.js";
import { sample } from "./selection.js";

// For each value of a parameter: its best point with the interval, and the median of all.
function summary(model, parameter, metric, chosen) {
  const groups = new Map();
  for (const i of chosen) {
    if (!Number.isFinite(metric.values[i]) || !parameter.has(i)) continue;
    const key = parameter.at(i);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(i);
  }
  const sign = metric.goal === "max" ? -1 : 1;
  const low = model.named(metric.low), high = model.named(metric.high);
  return [...groups].map(([value, of]) => {
    of.sort((a, b) => sign * (metric.values[a] - metric.values[b]));
    const best = of[0];
    return {
      value, best: metric.at(best), median: metric.at(of[of.length >> 1]),
      low: low ? low.values[best] * metric.factor : metric.at(best), high: high ? high.values[best] * metric.factor : metric.at(best),
    };
  });
}

function spec(model, parameter, metric, chosen) {
  const ordered = !parameter.numeric || distinct(parameter).length <= 12;
  const type = ordered ? "ordinal" : "quantitative";
  const x = (field) => ({ field, type, title: parameter.title, axis: { labelAngle: parameter.numeric ? 0 : -30, labelLimit: 100 }, ...(ordered ? {} : { scale: scaleOf(parameter.values) }) });
  const all = sample(chosen.filter((i) => parameter.has(i)), 1500).map((i) => ({ value: parameter.at(i), y: metric.at(i) })).filter((p) => Number.isFinite(p.y));
  const values = summary(model, parameter, metric, chosen);
  const ends = values.flatMap((v) => [v.low, v.high]), scale = scaleOf([...ends, ...all.map((p) => p.y)]);
  const y = (field) => ({ field, type: "quantitative", title: metric.title, scale });
  return {
    height: 210,
    layer: [
      { data: { values: all }, mark: { type: "tick", orient: "horizontal", opacity: 0.25, color: faint(), ...(ordered ? {} : { width: 8 }) }, encoding: { x: x("value"), y: y("y") } },
      { data: { values }, mark: { type: "line", color: faint(), strokeDash: [4, 3] }, encoding: { x: x("value"), y: y("median") } },
      { data: { values }, mark: { type: "rule", color: strong(), strokeWidth: 2 }, encoding: { x: x("value"), y: y("low"), y2: { field: "high" } } },
      { data: { values }, mark: { type: "line", point: { color: strong() }, color: strong() }, encoding: { x: x("value"), y: y("best") } },
    ],
  };
}

export function trends(model, selection) {
  let metric = model.results.find((c) => c.name === "error" && c.varies) ?? model.results.find((c) => c.goal && c.varies) ?? model.results[0];
  const grid = element("div", { class: "grid" });
  const hosts = model.parameters.slice(0, 12).map((parameter) => {
    const host = element("div", { class: "chart" });
    grid.append(element("div", {}, element("h3", {}, parameter.label ?? parameter.name), host));
    return { parameter, host };
  });
  function redraw() {
    const chosen = selection.chosen();
    for (const { parameter, host } of hosts)
      draw(host, spec(model, parameter, metric, chosen), `${metric.title} against ${parameter.title}`, chosen.length > 300 ? "canvas" : "svg");
  }
  const note = element("p", { class: "note" }, "Solid: the best of the chosen points at each value, with its 95 % interval where there is one; dashed: their median; ticks: all of them.");
  const controls = element("div", { class: "controls" }, choice("result", model.results.map((c) => [c.name, c.title]), metric.name, (name) => { metric = model.named(name); redraw(); }));
  return { node: section("trends", "Each parameter", controls, note, grid), redraw };
}
