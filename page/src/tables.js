import { element, section } from "./dom.js";
import { digits } from "./units.js";

function shown(value, numeric) { return value === null ? "-" : numeric ? digits(value) : String(value); }

// Without the columns that hold nothing.
function filled(given) {
  const keep = given.columns.map((_, k) => given.rows.some((r) => r[k] !== null && r[k] !== ""));
  return { ...given, columns: given.columns.filter((_, k) => keep[k]), rows: given.rows.map((r) => r.filter((_, k) => keep[k])) };
}

// Tables as they are: {title, columns: [name], rows: [[value]], note}.
export function plainTable(all, id) {
  const given = filled(all);
  const numeric = given.columns.map((_, k) => given.rows.every((r) => r[k] === null || typeof r[k] === "number"));
  const head = element("tr", {}, ...given.columns.map((name, k) => element("th", { scope: "col", class: numeric[k] ? "number" : "" }, name)));
  const rows = given.rows.map((r) => element("tr", {}, ...r.map((v, k) => element("td", { class: numeric[k] ? "number" : String(v).length > 60 ? "long" : "", title: numeric[k] && v !== null ? String(v) : null }, shown(v, numeric[k])))));
  const whole = element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": given.title }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
  const body = given.rows.length > 40 ? element("details", {}, element("summary", {}, `${given.rows.length} rows`), whole) : whole;
  return section(id, given.title, given.note ? element("p", { class: "note" }, given.note) : null, body);
}
