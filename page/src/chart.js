import { parse, View } from "vega";
import { compile } from "vega-lite";

// Okabe and Ito's colours, which colour-blind readers tell apart, and more for long lists; on a dark ground lighter ones.
const colours = {
  light: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#7f7f7f", "#8c564b", "#5e3c99", "#1b9e77", "#a6761d"],
  dark: ["#5aaee8", "#f0b429", "#2fc79a", "#e39ac4", "#a5dcff", "#ff8a4c", "#e3d44a", "#a8a8a8", "#c49a8f", "#a98be0", "#63d1b0", "#d9a860"],
};

function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

export function themeConfig() {
  const text = colour("--text"), quiet = colour("--quiet"), line = colour("--line");
  return {
    background: null, font: "system-ui, sans-serif",
    view: { stroke: line },
    axis: { labelColor: quiet, titleColor: text, gridColor: line, gridOpacity: 0.6, domainColor: quiet, tickColor: quiet, labelFontSize: 11, titleFontSize: 12, titleFontWeight: 500, labelLimit: 160, titleLimit: 400, labelSeparation: 8 },
    legend: { labelColor: quiet, titleColor: text, labelFontSize: 11, titleFontSize: 12, labelLimit: 180, symbolLimit: 40 },
    title: { color: text }, header: { labelColor: text, titleColor: text }, text: { color: text },
    mark: { color: colour("--accent"), tooltip: false },
    range: { category: colours[document.documentElement.dataset.theme] ?? colours.light, ramp: { scheme: "viridis" } },
  };
}

export const strong = () => colour("--strong");
export const faint = () => colour("--quiet");

const drawn = new Map(); // host -> view

// Draws a Vega-Lite specification in `host` as wide as it is; what was there goes.
export async function draw(host, spec, description, renderer = "svg") {
  const config = themeConfig();
  const old = drawn.get(host);
  if (old) old.finalize();
  const width = Math.max(180, Math.floor(host.clientWidth || 600));
  if (width < 480) Object.assign(config.legend, { orient: "bottom", columns: 3, labelLimit: 90 });
  const full = { $schema: "https://vega.github.io/schema/vega-lite/v6.json", width, autosize: { type: "fit-x", contains: "padding" }, ...spec };
  const view = new View(parse(compile(full, { config }).spec), { renderer, hover: true });
  view.logLevel(0).initialize(host);
  host.setAttribute("role", "img");
  host.setAttribute("aria-label", description);
  drawn.set(host, view);
  await view.runAsync();
  return view;
}

// A scale that shows values of several decades.
export function scaleOf(values, factor = 1) {
  let low = Infinity, high = -Infinity;
  for (const v of values) if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); }
  if (low > 0 && high / low > 50) return { type: "log", nice: false, padding: 12 };
  // What cannot be below 0 has no room there.
  if (low >= 0 && low - 0.1 * (high - low) < 0) return { zero: true, nice: true };
  return { zero: false, nice: true, padding: 8 };
}
