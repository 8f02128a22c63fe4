import { element } from "./dom.js";
import { strong } from "./chart.js";
import { hideTip, pointPairs, pointTitle, showTip } from "./tip.js";

const reach = 12; // pixels to a point under the pointer

// A sheet over the plot: the rectangle that chooses, dots on the chosen, the box of the nearest point.  The chart
// beneath is drawn once, so that a hundred thousand points follow the pointer.
export function overlay(host, view, model, selection, x, y, brushed) {
  const [left, top] = view.origin(), edge = view.padding(), width = view.signal("width"), height = view.signal("height");
  const px = pixels(view.scale("x"), x, model.count), py = pixels(view.scale("y"), y, model.count);
  const sheet = element("canvas", { class: "sheet", "aria-hidden": "true" });
  const ratio = devicePixelRatio || 1;
  sheet.width = width * ratio;
  sheet.height = height * ratio;
  Object.assign(sheet.style, { left: `${left + edge.left}px`, top: `${top + edge.top}px`, width: `${width}px`, height: `${height}px` });
  host.append(sheet);
  const paint = sheet.getContext("2d");
  let box = null, from = null;

  const inside = ([a, b, c, d]) => (i) => px[i] >= a && px[i] <= c && py[i] >= b && py[i] <= d;
  function mark() {
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint.clearRect(0, 0, width, height);
    const colour = strong();
    if (selection.state.active) {
      const size = model.count > 5000 ? 1.6 : 3;
      paint.fillStyle = colour;
      for (let i = 0; i < model.count; i++) if (selection.state.mask[i]) paint.fillRect(px[i] - size / 2, py[i] - size / 2, size, size);
    }
    if (!box) return;
    paint.strokeStyle = colour;
    paint.strokeRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
    paint.globalAlpha = 0.08;
    paint.fillRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
    paint.globalAlpha = 1;
  }
  function nearest(a, b) {
    let best = -1, least = reach * reach;
    for (let i = 0; i < model.count; i++) {
      const d = (px[i] - a) ** 2 + (py[i] - b) ** 2;
      if (d < least) { least = d; best = i; }
    }
    return best;
  }
  function place(event) {
    const { left: l, top: t } = sheet.getBoundingClientRect();
    return [Math.max(0, Math.min(width, event.clientX - l)), Math.max(0, Math.min(height, event.clientY - t))];
  }
  sheet.addEventListener("pointerdown", (event) => { from = place(event); sheet.setPointerCapture(event.pointerId); hideTip(); });
  sheet.addEventListener("pointermove", (event) => {
    const [a, b] = place(event);
    if (!from) {
      const i = nearest(a, b);
      if (i < 0) hideTip(); else showTip(event, pointTitle(model, i), pointPairs(model, i));
      return;
    }
    box = [Math.min(a, from[0]), Math.min(b, from[1]), Math.max(a, from[0]), Math.max(b, from[1])];
    brushed(inside(box));
  });
  sheet.addEventListener("pointerup", (event) => {
    const [a, b] = place(event);
    if (from && Math.abs(a - from[0]) < 3 && Math.abs(b - from[1]) < 3) { box = null; brushed(null); mark(); }
    from = null;
  });
  sheet.addEventListener("pointerleave", hideTip);
  mark();
  return { mark, remove: () => sheet.remove() };
}

// Where each point stands on an axis; NaN: nowhere.
function pixels(scale, column, count) {
  const middle = scale.bandwidth ? scale.bandwidth() / 2 : 0;
  return Float32Array.from({ length: count }, (_, i) => (scale(column.at(i)) ?? NaN) + middle);
}
