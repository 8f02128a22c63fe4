// A result as the commands print it (--json) as what the page shows: facts, points, parts, tables, a timeline.
import { digits, shownUnit } from "./units.js";

const measures = {
  error: ["error", "share", "min", "images_low", "images_high"], hardware_error: ["error", "share", "min", "images_low", "images_high"],
  software_error: ["software error", "share"], latency_s: ["latency", "s", "min"], throughput_per_s: ["throughput", "1/s", "max"],
  interval_s: ["interval", "s", "min"], power_W: ["power", "W", "min"], energy_J: ["energy", "J", "min"], area_m2: ["area", "m2", "min"],
  ops_per_s: ["performance", "ops/s", "max"], ops_per_J: ["efficiency", "ops/J", "max"], ops_per_s_per_m2: ["density", "ops/s/m2", "max"],
  cycles: ["cycles", "", "min"], crossbars: ["crossbars", "", "min"], trials: ["programmings", ""], time_s: ["time", "s", "min"], clock_s: ["clock", "s"],
  leakage_J: ["leakage", "J"], peak_bytes: ["memory", "B"], seconds: ["computed in", "s"],
};
const suffixes = [["_per_s_per_m2", "ops/s/m2"], ["_per_s", "1/s"], ["_per_J", "ops/J"], ["_m2", "m2"], ["_J", "J"], ["_s", "s"], ["_W", "W"], ["_Hz", "Hz"], ["_S", "S"], ["_V", "V"], ["_A", "A"], ["_bytes", "B"]];

const isScalar = (v) => v === null || typeof v !== "object";
const isObject = (v) => v !== null && typeof v === "object" && !Array.isArray(v);
const isTable = (v) => Array.isArray(v) && v.length > 0 && v.every(isObject);

function unitOf(name) { return measures[name]?.[1] ?? suffixes.find(([end]) => name.endsWith(end))?.[1] ?? (name.endsWith("error") ? "share" : ""); }

function labelOf(name) {
  if (measures[name]) return measures[name][0];
  const end = suffixes.find(([suffix]) => name.endsWith(suffix));
  return (end ? name.slice(0, -end[0].length) : name).replaceAll("_", " ");
}

const idle = ["seed", "point"]; // numbers that are names

function valueText(name, value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return value === null ? "-" : String(value);
  const { factor, unit } = shownUnit(unitOf(name), Math.abs(value));
  if (factor === 1 && Number.isInteger(value) && Math.abs(value) >= 1e5 && !idle.includes(name)) return `${value.toLocaleString("en-US")}${unit ? ` ${unit}` : ""}`;
  return `${digits(value * factor)}${unit ? ` ${unit}` : ""}`;
}

// One row of a sweep or a comparison, flat: what was set, then numbers and texts.
function flat(row) {
  const out = {};
  for (const [key, value] of Object.entries(row)) {
    if (key === "set") for (const [field, v] of Object.entries(value)) out[`set ${field}`] = v;
    else if (key.endsWith("_interval") && Array.isArray(value)) [out.images_low, out.images_high] = value;
    else if (isScalar(value)) out[key] = value;
  }
  return out;
}

const remarks = ["model", "technology", "relative", "absolute prices", "message"]; // of a row, not what it was set to

function columnOf(name, rows) {
  if (name.startsWith("set ")) return { name: name.slice(4), role: "parameter" };
  if (name === "images_low" || name === "images_high" || name.startsWith("ci95")) return { name, role: "interval", unit: "share" };
  if (remarks.includes(name)) return { name, role: "remark" };
  const numeric = rows.some((r) => typeof r[name] === "number");
  const [label, unit, goal, low, high] = measures[name] ?? [labelOf(name), unitOf(name)];
  return { name, label, unit, goal, low, high, role: numeric ? "result" : "parameter" };
}

// What prices decide is not to be ranked where they are of several technologies.
const priced = ["energy_J", "area_m2", "power_W", "ops_per_J", "ops_per_s_per_m2"];

// Prices that stand for themselves, beside those that are good for comparisons alone.
function absolutes(rows) {
  if (!rows.some((r) => isObject(r.generic))) return;
  for (const r of rows) {
    const of = r.generic ?? (r.relative ? {} : r);
    Object.assign(r, { "absolute prices": of.technology ?? null, absolute_energy_J: of.energy_J ?? null, absolute_area_m2: of.area_m2 ?? null });
  }
}

function pricesNote(json, rows) {
  if (json.comparable === false) return ["Not comparable: energy, power, area, TOPS/W and TOPS/mm2 are of different technologies, where columns name different ones; --set technology=generic-45nm prices all by one."];
  return json.comparable && rows?.some((r) => r.relative) ? ["Prices of this technology are good for comparisons among its columns alone."] : [];
}

function pointsOf(rows, comparable = true) {
  absolutes(rows);
  const all = rows.map(flat);
  const names = [...new Set(all.flatMap((r) => Object.keys(r)))];
  const columns = [{ name: "point", role: "id" }, ...names.map((n) => columnOf(n, all))];
  if (!comparable) for (const c of columns) if (priced.includes(c.name)) delete c.goal;
  return { columns, points: all.map((r, i) => [i + 1, ...names.map((n) => r[n] ?? null)]) };
}

// Energy and area by part, of the result, what it is compared with, and the other technology.
function partsOf(json, label, out) {
  const bar = { label };
  for (const quantity of ["energy_J", "area_m2"]) {
    const of = json[quantity];
    if (!isObject(of)) continue;
    const plain = Object.fromEntries(Object.entries(of).filter(([k, v]) => k !== "total" && typeof v === "number"));
    bar[quantity] = { component: of.by_component ?? plain, layer: of.by_layer ?? {} };
  }
  if (bar.energy_J || bar.area_m2) out.push(bar);
  if (isObject(json.energy_measured_J)) out.push({ label: `${label}, measured`, energy_J: { component: json.energy_measured_J.by_component ?? {}, layer: json.energy_measured_J.by_layer ?? {} } });
  if (isObject(json.baseline)) partsOf(json.baseline, json.baseline.hw ?? "baseline", out);
  if (isObject(json.generic)) partsOf({ ...json.generic, baseline: json.generic.baseline && { hw: `8-bit CNN, ${json.generic.technology}`, ...json.generic.baseline } }, `${label}, ${json.generic.technology}`, out);
  return out;
}

function tableOf(title, rows) {
  const columns = [...new Set(rows.flatMap((r) => Object.keys(r).filter((k) => !isObject(r[k]) && !isTable(r[k]))))];
  return { title, columns, rows: rows.map((r) => columns.map((c) => (Array.isArray(r[c]) ? r[c].join(", ") : r[c] ?? null))) };
}

function listed(json, path, out) {
  for (const [key, value] of Object.entries(json)) {
    const name = path ? `${path}.${key}` : key;
    if (isObject(value)) listed(value, name, out);
    else if (Array.isArray(value) && value.every(isScalar)) out.push([name, value.length > 24 ? `${value.slice(0, 24).join(", ")}, ... (${value.length})` : value.join(", ")]);
    else if (isScalar(value)) out.push([name, valueText(key, value)]);
  }
  return out;
}

// What a single result is looked at for first: [label, text, remark].
function headsOf(json) {
  const heads = [];
  const error = isObject(json.hardware_error) || typeof json.error !== "number" ? json.hardware_error
    : { mean: json.error, trials: json.trials, images_interval: typeof json.images_low === "number" && typeof json.images_high === "number" ? [json.images_low, json.images_high] : [] };
  if (isObject(error)) {
    const [low, high] = error.images_interval ?? [], chips = `${error.trials} programming${error.trials === 1 ? "" : "s"}`;
    heads.push(["error", valueText("error", error.mean), low === undefined ? chips : `${valueText("error", low)} to ${valueText("error", high)}; ${chips}`]);
  }
  for (const name of ["latency_s", "throughput_per_s", "power_W", "ops_per_J"]) if (typeof json[name] === "number") heads.push([labelOf(name), valueText(name, json[name]), ""]);
  for (const name of ["energy_J", "area_m2"]) {
    const value = isObject(json[name]) ? json[name].total : json[name];
    if (typeof value === "number") heads.push([labelOf(name), valueText(name, value), isObject(json.generic?.[name]) ? `${json.technology}; ${json.generic.technology}: ${valueText(name, json.generic[name].total)}` : json.technology ?? ""]);
  }
  return heads;
}

const states = { A: "awake", S: "asleep" };

function spansOf(row) {
  const spans = [];
  for (const [k, letter] of [...row.state].entries()) {
    const last = spans.at(-1), kind = states[letter] ?? letter;
    if (last && last[2] === kind) last[1] = row.from + k + 1;
    else spans.push([row.from + k, row.from + k + 1, kind]);
  }
  return spans;
}

// A schedule of mho buffer along the time: what the array does in each step, and DDR beside it.
function scheduleOf(json) {
  if (!isTable(json.groups) || !json.groups.every((g) => isObject(g.parts_s))) return undefined;
  const total = json.groups.reduce((a, g) => a + g.time_s, 0), { factor, unit } = shownUnit("s", total);
  let at = 0;
  const rows = json.groups.flatMap((g, k) => {
    const from = at * factor, name = `step ${k + 1}: ${g.first === g.last ? `layer ${g.first}` : `layers ${g.first}-${g.last}`}`;
    at += g.time_s;
    const spans = (part, kind) => [[from, from + g.parts_s[part] * factor, kind], ...(g.parts_s[part] < g.time_s ? [[from + g.parts_s[part] * factor, at * factor, "waits"]] : [])];
    return [{ name, spans: spans("array", "array works") }, ...(g.parts_s.DDR > 0 ? [{ name: `${name}, DDR`, spans: [[from, from + g.parts_s.DDR * factor, "DDR works"]] }] : [])];
  });
  return { title: "Schedule in time", unit: `time (${unit})`, rows };
}

// The simulated pipeline: each layer from its first cycle at work to its last result.
function layersOf(json) {
  const layers = json.pipeline ?? json.layers;
  if (!isTable(layers) || !layers.every((l) => Number.isFinite(l.first_awake) && Number.isFinite(l.last_result))) return undefined;
  return { title: "Pipeline", unit: "cycle", note: "One image: from the first cycle in which the layer works to its last result.",
    rows: layers.map((l) => ({ name: l.name, spans: [[l.first_awake, l.last_result + 1, l.critical === false ? "beside it" : l.critical ? "sets the number of cycles" : "at work"]] })) };
}

// The answer of a query: titles and rows of values.
function asked(json) {
  const { columns, rows, ...rest } = json;
  return { ...rest, rows: rows.map((r) => Object.fromEntries(columns.map((c, k) => [c, r[k]]))) };
}

// A stored point: what it was set to comes first, its parts and its pipeline are those of its result.
function storedOf(json) {
  const { set, result, ci95, images_low: low, images_high: high, error, ...rest } = json;
  const facts = Object.entries(set).map(([key, v]) => [key, String(v)]);
  if (typeof error === "number" && typeof ci95 === "number" && json.trials > 1) facts.push(["error, 95 % of programmings", `+- ${valueText("error", ci95)}`]);
  const parts = partsOf(result, `point ${json.point}`, []);
  if (parts.length && isObject(result.pipeline)) parts[0].pipeline = result.pipeline;
  return { facts, parts, rest: { ...rest, result } };
}

export function pageOf(given) {
  if (given.points) return given;
  if (isObject(given.set) && isObject(given.result)) {
    const { facts, parts, rest } = storedOf(given), page = pageOf(rest), heads = headsOf(given);
    return { ...page, title: `${page.title}, point ${given.point}`, heads, facts: [...facts, ...page.facts.filter(([label]) => !heads.some((h) => h[0] === label))], breakdown: parts };
  }
  const json = Array.isArray(given) ? { table: given } : given.columns ? asked(given) : given;
  const list = json.rows ?? json.table;
  const points = isTable(list) ? list : null;
  const facts = [], notes = [], compared = [], tables = [], rest = [];
  for (const [key, value] of Object.entries(json)) {
    if (["format", "command", "config", "rows", "table", "trace", "energy_J", "area_m2"].includes(key)) continue;
    if (key === "images_per_second" && json.simulated_images_per_second === value) continue; // its old name
    if (typeof value === "string" && value.length > 60) notes.push(`${labelOf(key)}: ${value}`);
    else if (isScalar(value)) facts.push([labelOf(key), valueText(key, value)]);
    else if (key === "results" && isTable(value)) for (const r of value) partsOf(r, r.hw ?? String(compared.length + 1), compared);
    else if (isTable(value)) tables.push(tableOf(labelOf(key), value));
    else listed({ [key]: value }, "", rest);
  }
  if (rest.length) tables.push({ title: "All numbers", columns: ["what", "value"], rows: rest });
  if (json.config) tables.push({ title: "Configuration", columns: ["field", "value", "unit", "place", "source"],
    rows: Object.entries(json.config).map(([k, v]) => [k, isObject(v) ? String(v.value) : String(v), v.unit ?? "", v.place ?? "", v.source ?? ""]) });
  const heads = points ? [] : headsOf(json);
  const word = (json.command ?? "").split(" ")[1] ?? "result";
  return {
    title: [json.network, json.hw && `on ${json.hw}`].filter(Boolean).join(" ") || `mho ${word}`, subtitle: json.command, footer: "made by mho",
    facts: facts.filter(([label]) => !heads.some((h) => h[0] === label)), heads, notes: [...pricesNote(json, points), ...notes], tables, breakdown: points ? compared : partsOf(json, json.hw ?? "this", []), ...(points ? pointsOf(points, json.comparable !== false) : {}),
    timeline: json.trace ? { unit: "cycle", rows: json.trace.map((r) => ({ name: r.name, spans: spansOf(r) })) } : scheduleOf(json) ?? layersOf(json),
  };
}
