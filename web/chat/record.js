// The record panel: the rows of this conversation as they are written, and what a verification says.
import { button, byId, h, icon } from "/shared/dom.js";
import { verdictBlock } from "/shared/verdict.js";
import { clockTime, visible } from "/shared/words.js";

const CHOICE = "wirken-record-open";
const ROWS_MAX = 500;
const SMALL = matchMedia("(max-width: 1180px)");

const ICONS = {
  user_message: ["user", ""],
  inbound: ["arrow", ""],
  outbound: ["arrow", ""],
  assistant_message: ["chat", ""],
  tool_call: ["question", ""],
  approval_requested: ["hand", "wait"],
  intent: ["arrow", ""],
  llm_request: ["model", ""],
  llm_response: ["model", ""],
  llm_error: ["alert", "bad"],
  chain_head: ["shield", "good"],
  approval_refused: ["ban", "bad"],
};

/** Builds the panel. `verify()` asks the gateway; `verified(summary)` is told. */
export function recordPanel({ verify, verified, sheets }) {
  const panel = byId("record");
  const list = h("ol", { class: "rows", tabindex: "0", "aria-label": "Rows of this conversation" });
  const verdict = h("div", { role: "status" });
  const check = button("Verify", { icon: "shield", kind: "small", on: { click: () => run({}) } });
  const close = button("", {
    icon: "close",
    label: "Close the record",
    kind: "quiet square",
    on: { click: () => set(false) },
  });
  panel.replaceChildren(
    h("div", { class: "record-head" }, h("h2", {}, "Record"), check, close),
    verdict,
    list,
  );

  const seen = new Map();
  const set = (open, remember = true) => {
    panel.hidden = !open;
    if (remember && !SMALL.matches) localStorage.setItem(CHOICE, open ? "open" : "closed");
    if (open && SMALL.matches) sheets.open(panel);
    else sheets.close();
  };
  panel.addEventListener("sheetclosed", () => {
    panel.hidden = SMALL.matches || panel.hidden;
  });
  set(!SMALL.matches && localStorage.getItem(CHOICE) !== "closed", false);
  SMALL.addEventListener("change", () =>
    set(!SMALL.matches && localStorage.getItem(CHOICE) !== "closed", false),
  );

  // The button stays enabled while it checks: a disabled one would drop the focus of whoever pressed it.
  const run = async ({ quiet = false }) => {
    check.setAttribute("aria-busy", "true");
    if (!quiet)
      verdict.replaceChildren(
        h("p", { class: "verdict muted" }, icon("clock"), h("span", {}, "Checking every row…")),
      );
    try {
      const summary = await verify();
      verdict.replaceChildren(verdictBlock(summary));
      verified(summary);
    } catch (error) {
      if (!quiet) verdict.replaceChildren(verdictBlock(undefined, error));
    }
    check.removeAttribute("aria-busy");
  };
  const add = (lines) => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    for (const line of lines.slice(-ROWS_MAX)) {
      if (seen.has(line.id)) continue;
      const node = rowNode(line);
      seen.set(line.id, node);
      list.append(node);
    }
    list.querySelector(".none")?.remove();
    while (list.childElementCount > ROWS_MAX) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  return {
    toggle: () => set(panel.hidden),
    verify: (options = {}) => run(options),
    add,
    load: (lines) => {
      seen.clear();
      list.replaceChildren();
      if (lines.length === 0)
        list.append(h("li", { class: "none" }, "Nothing recorded in this conversation yet."));
      else add(lines);
      list.scrollTop = list.scrollHeight;
    },
    show: (id) => {
      set(true);
      const node = seen.get(id);
      if (node === undefined) return;
      for (const marked of list.querySelectorAll(".marked")) marked.classList.remove("marked");
      node.classList.add("marked");
      node.scrollIntoView({ block: "center" });
      node.focus();
    },
  };
}

function rowNode(line) {
  const [name, tone] = look(line);
  const head = h(
    "div",
    { class: "row-head nums" },
    h("b", {}, line.kind.replaceAll("_", " ")),
    h("time", {}, clockTime(line.tsMs)),
    h("span", { title: line.hash }, `#${line.id}`),
  );
  return h(
    "li",
    { class: tone, tabindex: "-1" },
    icon(name),
    h("div", {}, head, h("p", {}, visible(line.summary))),
  );
}

/** Decision and result rows show how they went: by icon, and by their own words. */
function look(line) {
  if (line.kind === "decision") {
    if (/wants a person/.test(line.summary)) return ["hand", "wait"];
    return /\b(den|refus|expired|cancelled)/i.test(line.summary) ? ["ban", "bad"] : ["check", "good"];
  }
  if (line.kind === "tool_result")
    return /^done(?!, exit [1-9])/.test(line.summary) ? ["check", "good"] : ["cross", "bad"];
  return ICONS[line.kind] ?? ["dot", ""];
}
