import { digits, shownUnit } from "./units.js";

function middleOf(values) {
  const sizes = Array.from(values, Math.abs).filter((v) => v > 0 && Number.isFinite(v)).sort((a, b) => a - b);
  return sizes.length ? sizes[sizes.length >> 1] : 0;
}

// A column of the points: numbers as a Float64Array (NaN where there is none), else texts.
function readColumn(given, index, points) {
  const numeric = points.every((p) => p[index] === null || typeof p[index] === "number");
  const values = numeric
    ? Float64Array.from(points, (p) => (p[index] === null ? NaN : p[index]))
    : points.map((p) => (p[index] === null ? "" : String(p[index])));
  const shown = numeric ? shownUnit(given.unit ?? "", middleOf(values)) : { factor: 1, unit: "" };
  const label = given.label ?? given.name;
  return {
    ...given, index, numeric, values, factor: shown.factor,
    title: shown.unit ? `${label} (${shown.unit})` : label,
    at: (i) => (numeric ? values[i] * shown.factor : values[i]),
    text: (i) => (numeric ? digits(values[i] * shown.factor) : values[i]),
  };
}

export function distinct(column) {
  const all = [...new Set(column.values)];
  return column.numeric ? all.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b) : all.sort();
}

export function readModel(json) {
  const points = json.points ?? [];
  const columns = (json.columns ?? []).map((c, i) => readColumn(c, i, points));
  for (const c of columns) c.varies = points.length < 2 || distinct(c).length > 1;
  return {
    ...json, columns, count: points.length,
    id: columns.find((c) => c.role === "id"),
    parameters: columns.filter((c) => c.role === "parameter" && c.varies),
    results: columns.filter((c) => c.role === "result" && c.numeric && c.values.some(Number.isFinite)),
    shown: columns.filter((c) => c.role !== "interval"),
    named: (name) => columns.find((c) => c.name === name),
  };
}

// Of points that no other beats in both: indices, by rising x.  goal "max" turns an axis round.
export function frontOf(x, y, count) {
  const sx = x.goal === "max" ? -1 : 1;
  const sy = y.goal === "max" ? -1 : 1;
  const order = [];
  for (let i = 0; i < count; i++) if (Number.isFinite(x.values[i]) && Number.isFinite(y.values[i])) order.push(i);
  order.sort((a, b) => sx * (x.values[a] - x.values[b]) || sy * (y.values[a] - y.values[b]) || a - b);
  const front = [];
  let best = Infinity;
  for (const i of order) if (sy * y.values[i] < best) { best = sy * y.values[i]; front.push(i); }
  return front;
}
