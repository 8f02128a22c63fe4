import { readModel } from "./model.js";
import { pageOf } from "./result.js";
import { selectionOf } from "./selection.js";
import { element, settled } from "./dom.js";
import { overview } from "./overview.js";
import { scatter } from "./scatter.js";
import { trends } from "./trends.js";
import { breakdown } from "./breakdown.js";
import { parallel } from "./parallel.js";
import { filters } from "./filters.js";
import { table } from "./table.js";
import { figures, pipelines, timeline } from "./timeline.js";
import { plainTable } from "./tables.js";

function partsOf(model, selection) {
  const parts = { scatter: null, follow: [], once: [] };
  const many = model.count > 1 && model.results.length > 0;
  const nodes = [overview(model)];
  const add = (part, list) => { nodes.push(part.node); list.push(part.redraw); };
  if (many) { parts.scatter = scatter(model, selection); nodes.push(parts.scatter.node, filters(model, selection)); }
  const parted = model.breakdown?.length && breakdown(model, selection);
  if (parted) add(parted, parts.follow);
  if (many && model.parameters.length) { add(trends(model, selection), parts.follow); add(parallel(model, selection), parts.follow); }
  const pipeline = model.breakdown?.length && pipelines(model, selection);
  if (pipeline) add(pipeline, parts.follow);
  if (model.timeline) add(timeline(model.timeline), parts.once);
  if (model.count > 1) { const points = table(model, selection); nodes.push(points.node); parts.table = points.redraw; }
  for (const [k, given] of (model.tables ?? []).entries()) nodes.push(plainTable(given, `table-${k}`));
  if (model.figures?.length) nodes.push(figures(model.figures));
  return { ...parts, nodes };
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const button = document.getElementById("theme");
  button.textContent = dark ? "Light" : "Dark";
  button.setAttribute("aria-pressed", String(dark));
}

function start() {
  const model = readModel(pageOf(JSON.parse(document.getElementById("report-data").textContent)));
  document.title = model.title ?? "mho report";
  document.getElementById("title").textContent = document.title;
  document.getElementById("subtitle").textContent = model.subtitle ?? "";
  document.getElementById("footer").textContent = model.footer ?? "";
  const wanted = matchMedia("(prefers-color-scheme: dark)");
  setTheme(wanted.matches);

  const selection = selectionOf(model);
  const parts = partsOf(model, selection);
  document.getElementById("main").append(...parts.nodes);
  const follow = settled(() => { for (const redraw of parts.follow) redraw(); }, 120);
  selection.listen(() => { parts.table?.(); follow(); });
  async function drawAll() {
    await parts.scatter?.redraw();
    for (const redraw of [...parts.once, ...parts.follow]) await redraw();
    parts.table?.();
    document.documentElement.dataset.ready = "yes";
  }
  document.getElementById("theme").addEventListener("click", () => { setTheme(document.documentElement.dataset.theme !== "dark"); drawAll(); });
  wanted.addEventListener("change", (e) => { setTheme(e.matches); drawAll(); });
  let width = innerWidth;
  addEventListener("resize", settled(() => { if (innerWidth !== width) { width = innerWidth; drawAll(); } }, 200));
  let theme = null; // paper is white
  addEventListener("beforeprint", () => { theme = document.documentElement.dataset.theme; });
  addEventListener("afterprint", () => { if (theme) setTheme(theme === "dark"); });
  drawAll().catch((error) => {
    document.getElementById("main").prepend(element("p", { class: "note", role: "alert" }, `A chart could not be drawn: ${error.message}`));
    throw error;
  });
}

start();
