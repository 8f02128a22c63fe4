// Elements of the page.  Text goes in as text, never as HTML: names come from files of users.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

export function section(id, title, ...children) {
  const heading = element("h2", { id: `${id}-title` }, title);
  return element("section", { id, "aria-labelledby": `${id}-title` }, heading, ...children);
}

// A select of columns: [[value, text], ...].
export function choice(label, options, value, changed) {
  const select = element("select", { onchange: () => changed(select.value) });
  for (const [key, text] of options) select.append(element("option", { value: key }, text));
  select.value = value;
  return element("label", {}, label, select);
}

export function download(name, type, text) {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// At most once a frame, with the last arguments.
export function everyFrame(work) {
  let last = null;
  return (...given) => {
    if (last === null) requestAnimationFrame(() => { const now = last; last = null; work(...now); });
    last = given;
  };
}

// Once nothing came for `wait` milliseconds.
export function settled(work, wait) {
  let timer = 0;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => work(...given), wait); };
}
