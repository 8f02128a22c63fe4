// Which points are chosen: those inside the brush and inside every filter.
export function selectionOf(model) {
  const mask = new Uint8Array(model.count).fill(1);
  const filters = new Map(); // name -> (index) => boolean
  const listeners = [];
  const state = { mask, count: model.count, active: false };

  function update() {
    const tests = [...filters.values()];
    let count = 0;
    for (let i = 0; i < model.count; i++) {
      let inside = 1;
      for (const test of tests) if (!test(i)) { inside = 0; break; }
      mask[i] = inside;
      count += inside;
    }
    state.count = count;
    state.active = tests.length > 0;
    for (const listener of listeners) listener(state);
  }
  return {
    state,
    set(name, test) { if (test) filters.set(name, test); else if (!filters.delete(name)) return; update(); },
    listen(listener) { listeners.push(listener); },
    chosen(limit = Infinity) {
      const found = [];
      for (let i = 0; i < model.count && found.length < limit; i++) if (mask[i]) found.push(i);
      return found;
    },
  };
}

// Evenly spread over the indices, always the same ones.
export function sample(indices, limit) {
  if (indices.length <= limit) return indices;
  return Array.from({ length: limit }, (_, k) => indices[Math.floor((k * indices.length) / limit)]);
}
