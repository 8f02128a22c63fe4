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
  const has = (i) => (numeric ? !Number.isNaN(values[i]) : values[i] !== "");
  const shown = numeric ? shownUnit(given.unit ?? "", middleOf(values)) : { factor: 1, unit: "" };
  const label = given.label ?? given.name;
  return {
    ...given, index, numeric, values, has, factor: shown.factor, missing: points.some((_, i) => !has(i)),
    title: shown.unit ? `${label} (${shown.unit})` : label,
    at: (i) => (numeric ? values[i] * shown.factor : values[i]),
    text: (i) => (!has(i) ? "-" : numeric ? digits(values[i] * shown.factor) : values[i]),
    full: (i) => (!has(i) ? "-" : numeric ? digits(values[i] * shown.factor) : values[i]),
  };
}

export function distinct(column) {
  const all = [...new Set(column.values)];
  return column.numeric ? all.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b) : all.filter((v) => v !== "").sort();
}

// With its interval, in the unit of the column: "4 (1.566 to 9.837)".
function withInterval(column, low, high) {
  if (!low || !high) return;
  const plain = column.text, end = (of, i) => Number((of.values[i] * column.factor).toPrecision(3));
  column.full = (i) => (low.has(i) && high.has(i) && column.has(i) ? `${plain(i)} (${end(low, i)} to ${end(high, i)})` : plain(i));
}

// What prices decide: not to be ranked across technologies that are good for comparisons alone and others.
const priced = ["energy_J", "area_m2", "power_W", "ops_per_J", "ops_per_s_per_m2", "latency_s", "throughput_per_s", "ops_per_s"];

// Which points compete in a column: those that keep the search's constraints, of prices that compare.
function rivalsOf(columns) {
  const constraints = columns.find((c) => c.name === "constraints" && c.role === "status");
  const prices = columns.find((c) => c.name === "prices" && c.role === "status");
  const keeps = (i) => !constraints || constraints.values[i] === "kept";
  return {
    keeps, constrained: Boolean(constraints), mixed: Boolean(prices),
    rival: (...of) => (i) => keeps(i) && (!prices || !of.some((c) => priced.includes(c.name)) || prices.values[i] === "absolute"),
  };
}

export function readModel(json) {
  const points = json.points ?? [];
  const columns = (json.columns ?? []).map((c, i) => readColumn(c, i, points));
  for (const c of columns) {
    const different = distinct(c).length;
    c.varies = points.length < 2 || different > 1 || (c.role === "status" && different === 1 && c.missing);
    withInterval(c, columns.find((l) => l.name === c.low), columns.find((h) => h.name === c.high));
  }
  return {
    ...json, columns, count: points.length, ...rivalsOf(columns),
    id: columns.find((c) => c.role === "id"),
    parameters: columns.filter((c) => c.role === "parameter" && c.varies),
    results: columns.filter((c) => c.role === "result" && c.numeric && c.values.some(Number.isFinite)),
    shown: columns.filter((c) => c.role !== "interval"),
    named: (name) => columns.find((c) => c.name === name),
  };
}

// Of points that no other beats in both: indices, by rising x.  goal "max" turns an axis round.
export function frontOf(x, y, count, rival = () => true) {
  const sx = x.goal === "max" ? -1 : 1;
  const sy = y.goal === "max" ? -1 : 1;
  const order = [];
  for (let i = 0; i < count; i++) if (Number.isFinite(x.values[i]) && Number.isFinite(y.values[i]) && rival(i)) order.push(i);
  order.sort((a, b) => sx * (x.values[a] - x.values[b]) || sy * (y.values[a] - y.values[b]) || a - b);
  const front = [];
  let best = Infinity;
  for (const i of order) if (sy * y.values[i] < best) { best = sy * y.values[i]; front.push(i); }
  return front;
}
