// SPDX-License-Identifier: Apache-2.0
// Bundles the page into one file: node build.mjs [OUT].  The program puts the data where /*DATA*/ stands.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const out = process.argv[2] ?? "report.html";
const here = (name) => new URL(`src/${name}`, import.meta.url);
const bundled = await build({ entryPoints: [here("main.js").pathname], bundle: true, minify: true, format: "iife", target: "es2022", charset: "ascii", legalComments: "none", write: false, logLevel: "error" });
const script = bundled.outputFiles[0].text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
const style = readFileSync(here("style.css"), "utf8");
const page = readFileSync(here("index.html"), "utf8").replace("/*STYLE*/", () => style).replace("/*SCRIPT*/", () => script);
if (page.split("/*DATA*/").length !== 2) throw new Error("the page wants the place of the data once");
writeFileSync(out, page);
