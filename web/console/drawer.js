// One row, whole. Opening a row's text is a row itself, and the drawer says so.
import { button, byId, h, icon } from "/shared/dom.js";
import { clockTime, dayOf, visible } from "/shared/words.js";

const TRUST = {
  system: "the program",
  user: "an admitted person",
  tool: "a tool's output",
  external: "someone from outside",
};

/** Builds the drawer; `open(id, ids)` shows a row and lets the reader go to its neighbours. */
export function drawer(api) {
  const node = byId("drawer");
  const title = h("h2", { id: "drawer-title", tabindex: "-1" });
  const body = h("div", { class: "drawer-body" });
  const state = { ids: [], at: 0 };
  const earlier = button("", { icon: "chevron", label: "Earlier row", kind: "quiet square back" });
  const later = button("", { icon: "chevron", label: "Later row", kind: "quiet square" });
  const close = button("", {
    icon: "close",
    label: "Close",
    kind: "quiet square",
    on: { click: () => node.close() },
  });
  node.replaceChildren(h("div", { class: "drawer-head" }, title, earlier, later, close), body);
  node.addEventListener("click", (event) => {
    if (event.target === node) node.close(); // the shade beside it
  });

  const show = async () => {
    const id = state.ids[state.at];
    title.textContent = `Row ${id}`;
    earlier.disabled = state.at === 0;
    later.disabled = state.at === state.ids.length - 1;
    body.replaceChildren(h("p", { class: "muted" }, "Loading…"));
    try {
      const row = await api.post("/api/row", { id });
      if (state.ids[state.at] === id) body.replaceChildren(...rowParts(row));
    } catch (error) {
      body.replaceChildren(
        h("p", { class: "bad" }, `${error.fault?.message ?? "the page's process does not answer"}.`),
      );
    }
  };
  const go = (step) => {
    state.at += step;
    void show();
  };
  earlier.addEventListener("click", () => go(-1));
  later.addEventListener("click", () => go(1));
  return {
    open: (id, ids) => {
      state.ids = ids;
      state.at = ids.indexOf(id);
      node.showModal();
      title.focus();
      void show();
    },
  };
}

function rowParts({ line, payload, content }) {
  const pairs = [
    ["When", `${dayOf(line.tsMs)}, ${clockTime(line.tsMs)}`],
    ["Kind", line.kind.replaceAll("_", " ")],
    ["Written by", TRUST[line.trust] ?? line.trust],
    ["Session", line.session],
    ["Place", `number ${line.seq} of its session`],
    ["Hash", line.hash],
  ];
  const list = h(
    "dl",
    {},
    ...pairs.flatMap(([name, value]) => [
      h("dt", {}, name),
      h("dd", { class: name === "Hash" ? "mono" : "" }, visible(value)),
    ]),
  );
  const parts = [h("p", {}, visible(line.summary)), list];
  if (content !== "")
    parts.push(h("h3", {}, "Text (erasable)"), h("pre", { tabindex: "0" }, pretty(content)));
  if (payload !== "")
    parts.push(h("h3", {}, "Payload (never erased)"), h("pre", { tabindex: "0" }, pretty(payload)));
  if (content === "" && payload === "")
    parts.push(
      h("p", { class: "muted" }, "The text of this row was erased or pruned. The proof still holds."),
    );
  parts.push(
    h(
      "p",
      { class: "wrote" },
      icon("record"),
      h("span", {}, "That you opened this row is written in the record."),
    ),
  );
  return parts;
}

function pretty(text) {
  try {
    return visible(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    return visible(text); // not JSON: sealed or damaged, shown as it is
  }
}
