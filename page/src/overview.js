import { element, section } from "./dom.js";
import { pointTitle } from "./tip.js";

function bestOf(column, count) {
  const sign = column.goal === "max" ? -1 : 1;
  let best = -1;
  for (let i = 0; i < count; i++)
    if (Number.isFinite(column.values[i]) && (best < 0 || sign * column.values[i] < sign * column.values[best])) best = i;
  return best;
}

function card(model, column) {
  const i = bestOf(column, model.count);
  const where = model.parameters.slice(0, 4).map((c) => `${c.label ?? c.name} ${c.text(i)}`).join(", ");
  const word = model.count < 2 ? "" : column.goal === "max" ? "highest " : "lowest ";
  return element("div", { class: "card" }, element("span", {}, word + column.title), element("b", {}, column.text(i)),
    model.count > 1 ? element("span", {}, `${pointTitle(model, i)}: ${where}`) : null);
}

export function overview(model) {
  const facts = element("dl", { class: "facts" });
  for (const [name, value] of model.facts ?? [])
    facts.append(element("div", {}, element("dt", {}, name), element("dd", {}, String(value))));
  const cards = element("div", { class: "cards" });
  for (const [label, text, remark] of model.heads ?? [])
    cards.append(element("div", { class: "card" }, element("span", {}, label), element("b", {}, text), element("span", {}, remark)));
  for (const column of model.results) if (column.goal && column.varies) cards.append(card(model, column));
  const notes = (model.notes ?? []).map((text) => element("p", { class: "note" }, text));
  return section("overview", "Overview", facts, cards, ...notes);
}
