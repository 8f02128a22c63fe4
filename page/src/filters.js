import { element, section } from "./dom.js";
import { distinct } from "./model.js";

function numberFilter(column, selection) {
  const range = { low: -Infinity, high: Infinity };
  const input = (end, empty) => {
    const field = element("input", { type: "number", step: "any", "aria-label": `${column.title}: ${end}`, placeholder: end,
      oninput: () => {
        range[end === "least" ? "low" : "high"] = field.value === "" ? empty : Number(field.value);
        const none = range.low === -Infinity && range.high === Infinity;
        selection.set(`range ${column.name}`, none ? null : (i) => { const v = column.values[i] * column.factor; return v >= range.low && v <= range.high; });
      } });
    return field;
  };
  return element("label", {}, column.title, element("span", {}, input("least", -Infinity), " ", input("most", Infinity)));
}

function listFilter(column, selection) {
  const select = element("select", { onchange: () => {
    const wanted = select.value;
    selection.set(`range ${column.name}`, wanted === "" ? null : (i) => String(column.values[i]) === wanted);
  } }, element("option", { value: "" }, "all"));
  for (const value of distinct(column)) select.append(element("option", { value: String(value) }, String(value)));
  return element("label", {}, column.title, select);
}

// The same choice as by the brush, from the keyboard.
export function filters(model, selection) {
  const box = element("div", { class: "controls" });
  const states = model.shown.filter((c) => c.role === "status" && c.varies);
  for (const column of [...model.parameters, ...states, ...model.results].slice(0, 24))
    box.append(column.role !== "result" && distinct(column).length <= 12 ? listFilter(column, selection) : numberFilter(column, selection));
  const count = element("p", { role: "status", "aria-live": "polite", id: "chosen", class: "chosen" });
  const say = (s) => { count.textContent = `${s.count} of ${model.count} points chosen`; };
  selection.listen(say);
  say(selection.state);
  return section("filters", "Choose", count, element("details", { open: model.parameters.length + model.results.length <= 10 }, element("summary", {}, "By value"), box));
}
