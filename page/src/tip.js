import { element } from "./dom.js";

const tip = () => document.getElementById("tip");

export function hideTip() { tip().hidden = true; }

// A box beside the pointer with names and values.
export function showTip(event, title, pairs) {
  const box = tip();
  const list = element("dl");
  for (const [name, value] of pairs) list.append(element("dt", {}, name), element("dd", {}, value));
  box.replaceChildren(element("strong", {}, title), list);
  box.hidden = false;
  const { clientX: x, clientY: y } = event;
  const { offsetWidth: w, offsetHeight: h } = box;
  box.style.left = `${Math.max(4, x + 14 + w > innerWidth ? x - w - 14 : x + 14)}px`;
  box.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - h - 4))}px`;
}

// The configuration and the results of a point, for its box.
export function pointPairs(model, i) {
  const varied = model.parameters.length ? model.parameters : model.shown.filter((c) => c.role === "parameter");
  const marks = model.shown.filter((c) => c.role === "status" && c.varies);
  return [...varied, ...marks, ...model.results].filter((c) => c.has(i)).slice(0, 24).map((c) => [c.title, c.full(i)]);
}

export function pointTitle(model, i) { return model.id ? `point ${model.id.text(i)}` : `point ${i + 1}`; }
