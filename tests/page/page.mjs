// SPDX-License-Identifier: Apache-2.0
// The page in a headless browser: node page.mjs MHO CHROMIUM PLAYWRIGHT.  Each page opens from disk, says nothing on
// the console and asks no network; the rectangle filters the table; names of users stay text.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [mho, browserPath, playwright] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "mho-page-"));
const hostile = `</script><img src=x onerror="window.broken=1">'"&`;

function make(name, ...args) {
  const path = join(folder, `${name}.html`);
  execFileSync(mho, [...args, "-q", "--html", path], { stdio: "inherit", env: { ...process.env, MHO_DATA: "" } });
  return path;
}

// A page around data of our own: the one that the program wrote, with other data.
function around(template, name, data) {
  const page = readFileSync(template, "utf8"), mark = '<script type="application/json" id="report-data">';
  const start = page.indexOf(mark) + mark.length, end = page.indexOf("</script>", start);
  const path = join(folder, `${name}.html`);
  writeFileSync(path, page.slice(0, start) + JSON.stringify(data).replaceAll("<", "\\u003c") + page.slice(end));
  return path;
}

function points(count) {
  const rows = Array.from({ length: count }, (_, i) => {
    const bits = 1 + (i % 8), noise = (Math.imul(i + 1, 2654435761) >>> 0) / 2 ** 32, error = 0.3 / bits + 0.02 * noise;
    return [i + 1, bits, i % 2 ? hostile : "plain", error, Math.max(0, error - 0.01), error + 0.01, 1e-9 * bits * (1 + noise), 1e-7 * bits];
  });
  return {
    format: 1, title: hostile, facts: [[hostile, hostile]], points: rows, breakdown: [{ label: hostile, point: 0, energy_J: { component: { [hostile]: 1e-9, cells: 2e-9 }, layer: {} } }],
    columns: [{ name: "point", role: "id" }, { name: "output.bits", role: "parameter" }, { name: hostile, role: "parameter" },
      { name: "error", role: "result", unit: "share", goal: "min", low: "low", high: "high" }, { name: "low", role: "interval" }, { name: "high", role: "interval" },
      { name: "energy_J", label: "energy", role: "result", unit: "J", goal: "min" }, { name: "area_m2", label: "area", role: "result", unit: "m2", goal: "min" }],
  };
}

async function opened(browser, path, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const said = [];
  page.on("console", (m) => said.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => said.push(`error: ${e.message}`));
  page.on("request", (r) => { if (!/^(file|data|blob):/.test(r.url())) said.push(`asked for ${r.url()}`); });
  await page.goto(`file://${path}`);
  await page.waitForSelector("html[data-ready]", { timeout: 60000 });
  assert.deepEqual(said, [], path);
  return page;
}

// Points of a store, with the technology of each: two of the three have another one than the third.
function stored() {
  const sweep = join(folder, "sweep.yaml"), db = join(folder, "sweep.db"), path = join(folder, "stored.html");
  writeFileSync(sweep, "network: lenet\nhw: bcnn\naccuracy: false\naxes: {output.split_bits: [2, 3, 4]}\n");
  execFileSync(mho, ["explore", sweep, "-o", db, "-q"], { stdio: "ignore" });
  execFileSync(mho, ["report", db, "-o", path, "-q"], { stdio: "inherit" });
  return path;
}

// A search with constraints and objectives, then another one beside it, which has other axes.
function searched() {
  const sweep = join(folder, "asked.yaml"), db = join(folder, "asked.db"), path = join(folder, "asked.html"), mixed = join(folder, "mixed.html");
  const head = "network: lenet\nhw: bcnn\naccuracy: false\nset: {technology: generic-45nm}\n";
  writeFileSync(sweep, `name: asked for\n${head}axes: {output.split_bits: [2, 3, 4, 5], crossbar.rows: [64, 128], device.bits: [1, 2], output.share: [1, 4]}\nconstraints: [area <= 6 mm2]\nobjectives: [min energy, min latency]\n`);
  const text = execFileSync(mho, ["explore", sweep, "-o", db, "--csv", "-q"], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim().split("\n").map((l) => l.split(","));
  execFileSync(mho, ["report", db, "-o", path, "-q"], { stdio: "inherit" });
  writeFileSync(sweep, `${head}axes: {crossbar.columns: [32, 64], device: [taox, neurram]}\nobjectives: [min energy]\n`);
  execFileSync(mho, ["explore", sweep, "-o", db, "--resume", "-q"], { stdio: "ignore" });
  execFileSync(mho, ["report", db, "-o", mixed, "-q"], { stdio: "inherit" });
  return { path, mixed, rows: text.slice(1).map((l) => Object.fromEntries(l.map((v, k) => [text[0][k], v]))) };
}

// What the search answers stands on the page: its best, its front, who keeps its constraints; missing values are none.
async function trySearch(browser) {
  const { path, mixed, rows: told } = searched(), page = await opened(browser, path);
  assert.match(await page.locator("h1").textContent(), /^asked for: lenet on bcnn$/);
  const data = JSON.parse(await page.locator("#report-data").textContent()), at = (name) => data.columns.findIndex((c) => c.name === name);
  const kept = data.points.filter((p) => p[at("constraints")] === "kept"), front = data.points.filter((p) => p[at("front")] === "front");
  assert.equal(kept.length, told.length);
  assert.ok(kept.length < data.points.length && front.length > 0);
  assert.deepEqual(front.map((p) => p[0]).sort(), told.filter((r) => r.front === "true" || r.front === "yes" || r.front === "1").map((r) => Number(r.point)).sort());
  assert.match(await page.locator(".card.best").textContent(), new RegExp(`min energy.*point ${told[0].point}:.*output.share`));
  assert.match(await page.locator("#overview").textContent(), new RegExp(`keep all constraints${kept.length} of ${data.points.length}`));
  assert.equal(await page.locator("#scatter select").first().inputValue(), "energy_J");
  assert.equal(await page.locator("#scatter select").nth(1).inputValue(), "latency_s");
  await page.pdf({ path: join(folder, "asked.pdf") });
  const show = await opened(browser, make("show", "show", join(folder, "asked.db"), "1"));
  assert.match(await show.locator("#overview dt").first().textContent(), /output.split_bits/);
  assert.equal(await show.locator("#breakdown svg").count(), 1);
  assert.equal(await show.locator("#pipeline svg").count(), 1);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await rows(page), data.points.length);
  assert.match(await page.locator("#points .printed").textContent(), new RegExp(`^All ${data.points.length} points`));
  const two = await opened(browser, mixed);
  assert.ok(!(await two.locator("main").innerHTML()).includes("NaN"));
  assert.match(await two.locator(".card.best").textContent(), /crossbar.columns/);
  assert.match(await two.locator("#points tbody tr").first().textContent(), /-/);
}

// The area of an array by what stands in it, to the whole.
async function tryArray(browser) {
  const sweep = join(folder, "array.yaml"), db = join(folder, "array.db"), path = join(folder, "array.html");
  writeFileSync(sweep, "network: vgg11-cifar10\nhw: vgg-rram\naxes: {array.p: [8, 16]}\n");
  execFileSync(mho, ["explore", sweep, "-o", db, "-q"], { stdio: "ignore" });
  execFileSync(mho, ["report", db, "-o", path, "-q"], { stdio: "inherit" });
  const page = await opened(browser, path), data = JSON.parse(await page.locator("#report-data").textContent());
  const parts = Object.entries(data.breakdown[0].area_m2.component).filter(([, v]) => v > 0), area = data.points[0][data.columns.findIndex((c) => c.name === "area_m2")];
  assert.deepEqual(parts.map(([name]) => name), ["map buffers", "weight buffer", "accumulators"]);
  assert.ok(Math.abs(parts.reduce((a, [, v]) => a + v, 0) / area - 1) < 1e-12);
  await page.locator("#breakdown select").first().selectOption("area_m2");
  assert.deepEqual(await page.locator("#breakdown select").nth(1).locator("option").allTextContents(), ["component"]);
}

// Prices of two kinds: the note of the terminal, the absolute ones, and nobody wins.
async function tryCompare(browser) {
  const page = await opened(browser, make("compare", "compare", "lenet", "--hw", "bcnn,isaac", "--images", "2", "--trials", "1"));
  const overview = await page.locator("#overview").textContent();
  assert.match(overview, /Not comparable: energy, power, area/);
  assert.doesNotMatch(overview, /lowest (energy|power|area)|highest (efficiency|density)/);
  assert.match(await page.locator("#points thead").textContent(), /absolute energy/);
  assert.match(await page.locator("#points tbody tr").first().textContent(), /0 \(0 to /);
}

async function brush(page, from, to) {
  const sheet = page.locator(".sheet");
  await sheet.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await sheet.boundingBox();
  await page.mouse.move(x + from[0] * width, y + from[1] * height);
  await page.mouse.down();
  await page.mouse.move(x + to[0] * width, y + to[1] * height, { steps: 4 });
  await page.mouse.up();
}

const chosen = async (page) => Number((await page.locator("#chosen").textContent()).split(" ")[0]);
const rows = (page) => page.locator("#points tbody tr").count();

async function tryPoints(browser, path) {
  const page = await opened(browser, path);
  assert.equal(await page.locator("h1").textContent(), hostile);
  assert.equal(await chosen(page), 200);
  assert.equal(await rows(page), 25);
  await brush(page, [0.02, 0.02], [0.4, 0.5]);
  await page.waitForFunction(() => !document.getElementById("chosen").textContent.startsWith("200 "));
  const some = await chosen(page);
  assert.ok(some > 0 && some < 200, `${some} chosen`);
  assert.match(await page.locator("#points .pager [role=status]").textContent(), new RegExp(`of ${some}$`));
  await page.locator("#points th button").nth(3).click();
  assert.equal(await page.locator("#points th").nth(3).getAttribute("aria-sort"), "ascending");
  const errors = (await page.locator("#points tbody tr td:nth-child(4)").allTextContents()).map(Number);
  assert.deepEqual(errors, [...errors].sort((a, b) => a - b));
  await page.locator(".sheet").click({ position: { x: 5, y: 5 } });
  await page.waitForFunction(() => document.getElementById("chosen").textContent.startsWith("200 "));
  // From the keyboard alone: the same choice by value.
  await page.locator("#filters select").first().selectOption("3");
  await page.waitForFunction(() => document.getElementById("chosen").textContent.startsWith("25 "));
  const [csv] = await Promise.all([page.waitForEvent("download"), page.locator("#csv").click()]);
  const lines = readFileSync(await csv.path(), "utf8").trimEnd().split("\r\n");
  assert.equal(lines.length, 26);
  assert.equal(await page.evaluate(() => window.broken), undefined);
  await page.close();
}

// How long the page takes to follow the rectangle, told, not judged: machines are shared.
async function tellSpeed(browser, path, count) {
  const page = await opened(browser, path);
  const before = Date.now();
  await brush(page, [0.1, 0.1], [0.5, 0.6]);
  await page.waitForFunction((n) => !document.getElementById("chosen").textContent.startsWith(`${n} `), count);
  console.log(`${count} points: the table followed a rectangle of 5 moves in ${Date.now() - before} ms`);
  await page.close();
}

if (!existsSync(browserPath) || !existsSync(playwright)) {
  console.log("skipped: no chromium, or no playwright-core (./dev page)");
  process.exit(77);
}
const { chromium } = await import(playwright);
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
try {
  const cost = make("cost", "cost", "lenet", "--hw", "bcnn");
  const sweep = make("sweep", "evaluate", "lenet", "--hw", "bcnn", "--sweep", "crossbar.rows=64,128", "--images", "10", "--trials", "1");
  const timeline = make("pipeline", "pipeline", "lenet", "--hw", "bcnn", "--trace", "100:200");
  const dark = await opened(browser, cost, { colorScheme: "dark" });
  assert.equal(await dark.locator("html").getAttribute("data-theme"), "dark");
  await dark.locator("#theme").click();
  assert.equal(await dark.locator("html").getAttribute("data-theme"), "light");
  assert.ok((await dark.locator("#breakdown svg").count()) === 1);
  const phone = await opened(browser, sweep, { viewport: { width: 390, height: 800 } });
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth), 390);
  assert.equal(await chosen(phone), 2);
  assert.ok((await (await opened(browser, timeline)).locator("#timeline svg").count()) === 1);
  assert.ok((await (await opened(browser, make("buffer", "buffer", "vgg11", "--hw", "vgg-rram"))).locator("#timeline svg").count()) === 1);
  const store = await opened(browser, stored(), { colorScheme: "dark" });
  assert.ok((await store.locator("#pipeline svg").count()) === 1);
  assert.match(await store.locator("#pipeline [role=img]").getAttribute("aria-label"), /conv1 from cycle/);
  assert.match(await store.locator("#overview").textContent(), /no front and no best goes across them/);
  await store.emulateMedia({ media: "print" }); // what was drawn on a dark ground is dark on paper
  assert.match(await store.evaluate(() => getComputedStyle(document.querySelector("#pipeline svg")).filter), /invert/);
  assert.ok((await store.evaluate(() => document.documentElement.scrollWidth)) <= 1280);
  await trySearch(browser);
  await tryCompare(browser);
  await tryArray(browser);
  await tryPoints(browser, around(cost, "points", points(200)));
  await tellSpeed(browser, around(cost, "many", points(20000)), 20000);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
