// The record: what a verification says, saved views, search, and the acts as a timeline.
import { button, byId, h, icon } from "/shared/dom.js";
import { verdictBlock } from "/shared/verdict.js";
import { clockTime, count, dayOf, visible } from "/shared/words.js";

const PAGE = 100;
const SEARCH_MS = 250;
const CHECKED_ROWS_MAX = 20_000;
const VIEWS = [
  ["all", "All"],
  ["waiting", "Waiting"],
  ["denied", "Denied"],
  ["approved", "Approved by people"],
  ["left_this_computer", "Left this computer"],
  ["foreign", "Labelled foreign"],
  ["admin", "Admin changes"],
  ["failures", "Failures"],
];
const TONES = {
  good: ["check", "good"],
  bad: ["ban", "bad"],
  waiting: ["hand", "wait"],
  neutral: ["dot", ""],
};

/** Builds the section. */
export function record(api, drawer) {
  const state = { ...fromAddress(), oldest: undefined, fresh: 0, newest: 0, asked: 0 };
  const verdict = h("div", { role: "status" });
  const check = button("Verify", { icon: "shield", on: { click: () => verify() } });
  const list = h("ol", { class: "acts", id: "acts", tabindex: "-1" });
  const older = button("Show older", {
    icon: "clock",
    kind: "older",
    hidden: true,
    on: { click: () => load(state.oldest) },
  });
  const pill = button("", { kind: "small pill", hidden: true });
  const pillWords = h("span");
  pill.append(pillWords);
  pill.addEventListener("click", () => load());

  const load = async (before) => {
    const turn = (state.asked += 1);
    const body = {
      limit: PAGE,
      view: state.view,
      query: state.query,
      ...(before === undefined ? {} : { before }),
    };
    try {
      const acts = await api.post("/api/timeline", body);
      if (turn !== state.asked) return; // another question was asked since
      if (before === undefined) {
        list.replaceChildren();
        state.fresh = 0;
        pill.hidden = true;
      }
      append(list, acts, drawer);
      state.oldest = acts.at(-1)?.firstRow ?? state.oldest;
      older.hidden = acts.length < PAGE;
      state.newest = Math.max(state.newest, ...acts.map((act) => act.lastRow));
      if (list.childElementCount === 0) list.append(h("li", { class: "nothing" }, nothing(state)));
    } catch (error) {
      if (error.fault !== undefined)
        list.replaceChildren(h("li", { class: "nothing bad" }, `${error.fault.message}.`));
    }
  };
  // The button stays enabled while it checks: a disabled one would drop the focus of whoever pressed it.
  const verify = async ({ quiet = false } = {}) => {
    check.setAttribute("aria-busy", "true");
    const busy = h("p", {}, "Checking every row, head and checkpoint…");
    if (!quiet) verdict.replaceChildren(h("div", { class: "verdict" }, icon("clock"), busy));
    try {
      verdict.replaceChildren(verdictBlock(await api.post("/api/verify"), undefined, { full: true }));
    } catch (error) {
      verdict.replaceChildren(verdictBlock(undefined, error));
    }
    check.removeAttribute("aria-busy");
  };
  const title = h("h2", { id: "record-title" }, "Record");
  byId("record").replaceChildren(
    h("div", { class: "section-head" }, title, check),
    verdict,
    sieve(state, () => load()),
    pill,
    list,
    older,
  );
  moving(list);
  void verify();
  return {
    load: () => load(),
    fresh: () => load(),
    /** After a turn, while the log is short enough that nobody waits for it. */
    checkAgain: () => (state.newest > CHECKED_ROWS_MAX ? undefined : verify({ quiet: true })),
    arrived: (lines) => {
      const fresh = lines.filter((line) => line.id > state.newest).length;
      state.fresh += fresh;
      if (state.fresh === 0) return;
      pill.hidden = false;
      pillWords.textContent = `Show ${count(state.fresh)} new`;
    },
  };
}

function nothing({ view, query }) {
  if (query !== "") return "Nothing in the record fits this search.";
  return view === "all" ? "The record is empty." : "Nothing in this view.";
}

/** Saved views and search; what is chosen stands in the address. */
function sieve(state, changed) {
  const choose = (view) => {
    state.view = view;
    toAddress(state);
    for (const node of views) node.setAttribute("aria-pressed", String(node.dataset.view === view));
    changed();
  };
  const views = VIEWS.map(([view, text]) =>
    h(
      "button",
      {
        type: "button",
        class: "view",
        "aria-pressed": String(view === state.view),
        data: { view },
        on: { click: () => choose(view) },
      },
      text,
    ),
  );
  const field = h("input", {
    class: "field",
    type: "search",
    placeholder: "Search  /",
    "aria-label": "Search the record",
    maxlength: "256",
  });
  field.value = state.query;
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      state.query = field.value.trim();
      toAddress(state);
      changed();
    }, SEARCH_MS);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || isTyping(event)) return;
    event.preventDefault();
    field.focus();
  });
  return h(
    "div",
    { class: "sieve" },
    h("div", { class: "views", role: "group", "aria-label": "Views" }, ...views),
    h("div", { class: "find" }, icon("search"), field),
  );
}

/** j and k move over the acts. */
function moving(list) {
  document.addEventListener("keydown", (event) => {
    const step = { j: 1, k: -1 }[event.key];
    if (step === undefined || isTyping(event)) return;
    const heads = [...list.querySelectorAll(".act > summary")];
    const at = heads.indexOf(document.activeElement);
    const next = heads[at === -1 && step === -1 ? heads.length - 1 : at + step];
    next?.focus();
  });
}

function isTyping(event) {
  return event.target.matches("input, textarea") || event.ctrlKey || event.metaKey || event.altKey;
}

function append(list, acts, drawer) {
  let day = list.lastElementChild?.dataset.day;
  for (const act of acts) {
    const own = dayOf(act.tsMs);
    if (own !== day) list.append(h("li", { class: "day", data: { day: own } }, own));
    day = own;
    list.append(h("li", { data: { day: own } }, actNode(act, drawer)));
  }
}

function actNode(act, drawer) {
  const [name, tone] = TONES[act.tone] ?? TONES.neutral;
  const sign = icon(name);
  if (tone !== "") sign.classList.add(tone);
  const who = [act.who, act.channel === "" ? "" : `via ${act.channel}`]
    .filter((part) => part !== "")
    .join(" ");
  const ids = act.firstRow === act.lastRow ? `#${act.firstRow}` : `#${act.firstRow}–${act.lastRow}`;
  const what = h(
    "span",
    { class: "what" },
    who === "" ? null : `${visible(who)} · `,
    h("b", {}, visible(act.what)),
    act.outcome === "" ? null : h("span", { class: "outcome" }, ` · ${visible(act.outcome)}`),
  );
  const head = h(
    "summary",
    {},
    h("time", { class: "nums" }, clockTime(act.tsMs)),
    sign,
    what,
    h("span", { class: "ids nums" }, ids),
  );
  const lines = h("ol", {}, ...act.lines.map((line) => h("li", {}, lineNode(line, act.lines, drawer))));
  return h("details", { class: "act" }, head, lines);
}

function lineNode(line, all, drawer) {
  return h(
    "button",
    {
      type: "button",
      class: "line",
      on: {
        click: () =>
          drawer.open(
            line.id,
            all.map((other) => other.id),
          ),
      },
    },
    h("span", { class: "muted nums" }, `#${line.id}`),
    h("span", { class: "kind" }, line.kind.replaceAll("_", " ")),
    h("span", {}, visible(line.summary)),
  );
}

function fromAddress() {
  const query = new URLSearchParams(location.search);
  const view = query.get("view") ?? "all";
  return {
    view: VIEWS.some(([name]) => name === view) ? view : "all",
    query: (query.get("q") ?? "").slice(0, 256),
  };
}

function toAddress({ view, query }) {
  const words = new URLSearchParams();
  if (view !== "all") words.set("view", view);
  if (query !== "") words.set("q", query);
  const text = words.toString();
  history.replaceState(null, "", text === "" ? location.pathname : `?${text}`);
}
