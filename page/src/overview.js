import { element, section } from "./dom.js";
import { pointTitle } from "./tip.js";
import { digits, shownUnit } from "./units.js";

// The best of those that compete, and how many others are as good.
function bestOf(model, column) {
  const sign = column.goal === "max" ? -1 : 1, rival = model.rival(column);
  let best = -1, ties = 0;
  for (let i = 0; i < model.count; i++) {
    if (!Number.isFinite(column.values[i]) || !rival(i)) continue;
    const ahead = best < 0 ? -1 : sign * (column.values[i] - column.values[best]);
    if (ahead < 0) { best = i; ties = 0; } else if (ahead === 0) ties++;
  }
  return { best, ties };
}

// A value alone, with the prefix that fits it and not its column.
function alone(column, i) {
  const { factor, unit } = shownUnit(column.unit ?? "", Math.abs(column.values[i]));
  return `${digits(column.values[i] * factor)}${unit ? ` ${unit}` : ""}`;
}

const whereOf = (model, i) => `${pointTitle(model, i)}: ${model.parameters.filter((c) => c.has(i)).map((c) => `${c.label ?? c.name} ${c.text(i)}`).join(", ")}`;

function card(model, column) {
  const { best: i, ties } = bestOf(model, column);
  if (i < 0) return null;
  const word = model.count < 2 ? "" : column.goal === "max" ? "highest " : "lowest ";
  const others = ties ? `${ties} other${ties > 1 ? "s" : ""} as good; ` : "";
  return element("div", { class: "card" }, element("span", {}, word + (column.label ?? column.name)), element("b", {}, alone(column, i)),
    model.count > 1 ? element("span", {}, others + whereOf(model, i)) : null);
}

// The answer of the search that made the points: the first objective, and what else was asked for.
function answers(model) {
  const { objectives = [], best = [] } = model.search ?? {};
  const columns = objectives.map((o) => model.named(o.column)).filter((c) => c?.numeric);
  const prices = model.named("prices"), error = model.named("error");
  const first = columns[0] ?? (error?.values.some(Number.isFinite) ? error : model.named("energy_J"));
  return best.filter((i) => first?.has(i)).map((i) => {
    const rest = [...new Set([...columns.slice(1), ...(error ? [error] : [])])].filter((c) => c !== first && c.has(i)).map((c) => `${c.label ?? c.name} ${alone(c, i)}`);
    return element("div", { class: "card best" }, element("span", {}, `best: ${objectives[0]?.text ?? `min ${first.label ?? first.name}`}${prices ? `, ${prices.values[i]} prices` : ""}`),
      element("b", {}, alone(first, i)), element("span", {}, [...rest, whereOf(model, i)].join("; ")));
  });
}

function askedOf({ search }) {
  if (!search) return [];
  const facts = [];
  if (search.objectives?.length) facts.push(["objectives", search.objectives.map((o) => o.text).join(", ")]);
  if (search.constraints?.length) facts.push(["constraints", search.constraints.join(", ")]);
  return facts;
}

export function overview(model) {
  const facts = element("dl", { class: "facts" });
  for (const [name, value] of [...(model.facts ?? []), ...askedOf(model)])
    facts.append(element("div", {}, element("dt", {}, name), element("dd", {}, String(value))));
  const cards = element("div", { class: "cards" });
  for (const [label, text, remark] of model.heads ?? [])
    cards.append(element("div", { class: "card" }, element("span", {}, label), element("b", {}, text), element("span", {}, remark)));
  const answer = answers(model);
  cards.append(...answer, ...model.results.filter((c) => c.goal && c.varies).map((c) => card(model, c)).filter(Boolean));
  const words = [...(model.notes ?? [])];
  if (model.constrained || model.mixed) words.push(`Lowest and highest: ${[model.constrained && "of the points that keep all constraints", model.mixed && "of absolute prices, where prices decide"].filter(Boolean).join(", ")}.`);
  const notes = words.map((text) => element("p", { class: "note" }, text));
  return section("overview", "Overview", facts, cards, ...notes);
}
