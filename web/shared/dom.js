// DOM building for both pages: nodes and text only, never markup from a string (docs/formats/pages.md,
// "Text").

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props`: `class`, `on: {event: listener}`, `data: {name: value}`, and attributes; `undefined`,
 * `null` and `false` leave an attribute out, `true` writes it empty.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on")
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PATHS = {
  add: "M8 3v10M3 8h10",
  alert: "M8 2.2 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.2",
  arrow: "M8 13V3M3.8 7.2 8 3l4.2 4.2",
  ban: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM3.7 3.7l8.6 8.6",
  chat: "M2.5 3.5h11v7.5h-6L4 13.5V11H2.5z",
  check: "m3 8.5 3.2 3.2L13 5",
  chevron: "m6 4 4 4-4 4",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.6V8l2.4 1.6",
  close: "m4 4 8 8M12 4l-8 8",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  cross: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  dot: "M8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z",
  hand: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM6.4 5.4v5.2M9.6 5.4v5.2",
  link: "M6.5 3.5h-3v9h9v-3M9 2.8h4.2V7M13 3 7.5 8.5",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  model: "M4 4h8v8H4zM6.2 1.5V4M9.8 1.5V4M6.2 12v2.5M9.8 12v2.5M1.5 6.2H4M1.5 9.8H4M12 6.2h2.5M12 9.8h2.5",
  phone: "M2 8 14 2.5l-3 11-3.6-3.3L5.5 13V9.4z",
  question:
    "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.2v.1",
  record: "M3.5 2h9v12h-9zM5.8 5h4.4M5.8 8h4.4M5.8 11h2.4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.4 3.4",
  shield: "M8 1.8 13 3.6v4c0 3.2-2.2 5.4-5 6.6-2.8-1.2-5-3.4-5-6.6v-4z",
  stop: "M4 4h8v8H4z",
  undo: "M5.5 3 2.5 6l3 3M2.8 6h6.4a3.8 3.8 0 1 1 0 7.6H6",
  user: "M8 2.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM2.8 14c.6-3 2.6-4.4 5.2-4.4s4.6 1.4 5.2 4.4",
};

/** A drawn 16 px icon. It says nothing to a screen reader: the word beside it does. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.dot);
  svg.append(path);
  return svg;
}

/** A button with an icon and a word, or with a label alone when `text` is empty. */
export function button(text, { icon: name, label, kind = "", ...props } = {}) {
  const words = text === "" ? [] : [h("span", {}, text)];
  return h(
    "button",
    { type: "button", class: `button ${kind}`.trim(), "aria-label": label, title: label, ...props },
    name ? icon(name) : null,
    ...words,
  );
}

/** The element with an id; a page without it is broken, and says so at once. */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`no element #${id}`);
  return node;
}

/** Copies text and says so on the button for a moment. */
export async function copyText(text, target) {
  const words = target.querySelector("span");
  const before = words?.textContent ?? "";
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = false; // refused by the browser: the command stands there to be selected
  }
  if (words === null) return;
  words.textContent = done ? "Copied" : "Select it and copy";
  setTimeout(() => {
    words.textContent = before;
  }, 1_600);
}

/** A command in mono with a Copy button. */
export function command(text) {
  const copy = button("Copy", { icon: "copy", kind: "small", on: { click: () => copyText(text, copy) } });
  return h("div", { class: "command" }, h("code", {}, text), copy);
}
