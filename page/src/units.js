// Data are in SI units; a column is shown with the prefix that fits its middle value.
const prefixes = [[1e18, "E"], [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "u"],
  [1e-9, "n"], [1e-12, "p"], [1e-15, "f"], [1e-18, "a"]];
// As the field writes them: TOPS, TOPS/W (of a joule), TOPS/mm2.
const engineering = { "ops/s": [1, "OPS"], "ops/J": [1, "OPS/W"], "ops/s/m2": [1e-6, "OPS/mm2"] };
const areas = [[1e-6, "mm2"], [1e-12, "um2"]];

export function shownUnit(unit, middle) {
  if (unit === "share") return { factor: 100, unit: "%" };
  if (unit === "m2") {
    const [size, name] = areas.find(([limit]) => middle >= 0.01 * limit) ?? areas[1];
    return { factor: 1 / size, unit: name };
  }
  if (engineering[unit]) {
    const [factor, name] = engineering[unit], [size, prefix] = prefixes.find(([limit]) => middle * factor >= limit) ?? [1, ""];
    return { factor: factor / size, unit: prefix + name };
  }
  if (!["J", "s", "W", "Hz", "F", "1/s", "B", "S", "ohm", "V"].includes(unit) || !(middle > 0))
    return { factor: 1, unit };
  const [size, name] = prefixes.find(([limit]) => middle >= limit) ?? prefixes.at(-1);
  return { factor: 1 / size, unit: unit === "1/s" && name ? `${name}/s` : name + unit };
}

export function digits(value) {
  if (value === null || Number.isNaN(value)) return "-";
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3);
  return String(Number(value.toPrecision(5)));
}
