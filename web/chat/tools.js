// Tool calls: consecutive ones fold to one line, each opens to a card. States by word and icon, never colour
// alone.
import { button, h, icon } from "/shared/dom.js";
import { duration, plural, visible } from "/shared/words.js";

const LOOK = {
  proposed: ["proposed", "dot", ""],
  waiting: ["waiting for you", "hand", "wait"],
  running: ["running", "clock", ""],
  done: ["done", "check", "good"],
  failed: ["failed", "cross", "bad"],
  denied: ["denied", "ban", "bad"],
  expired: ["expired", "clock", "bad"],
  stopped: ["stopped", "stop", "bad"],
  unknown: ["outcome unknown", "question", "bad"],
};
const NOUNS = [
  [/^(read|write|edit)_file$/, "file"],
  [/^list_files$/, "folder"],
  [/^search_files$/, "search", "searches"],
  [/^exec$/, "command"],
  [/^fetch_page$/, "page"],
  [/^http_request$/, "request"],
];
const UNKNOWN = "The program ended while this ran. It was not repeated.";
/** Lines of a running command that its card keeps on the screen. */
const LINES_KEPT = 200;
const TURN = new Set(["proposed", "waiting", "running"]);

/** The calls of a conversation. */
export class ToolCalls {
  #host;
  #cards = new Map();

  constructor(host) {
    this.#host = host;
    this.ticking = setInterval(() => this.#tick(), 1_000);
  }

  /** Stops counting seconds. */
  end() {
    clearInterval(this.ticking);
  }

  /** Takes a card's news. Answers the group's node when it is new and must be put on the page, else null. */
  take(card, last) {
    const known = this.#cards.get(card.call);
    if (known !== undefined) {
      known.card = card;
      this.#draw(known);
      return null;
    }
    const group = last?.group ?? newGroup();
    const output = h("pre", { tabindex: "0", role: "group", "aria-label": "Output" });
    const entry = { card, node: h("li", { class: "call" }), group, output, lines: [] };
    this.#cards.set(card.call, entry);
    group.entries.push(entry);
    group.list.append(entry.node);
    this.#draw(entry);
    return last?.group === undefined ? group.node : null;
  }

  /** Takes lines of a call that runs. */
  output({ call, lines, skipped }) {
    const entry = this.#cards.get(call);
    if (entry === undefined) return;
    if (skipped > 0) entry.lines.push(`… ${plural(skipped, "line")} left out`);
    entry.lines.push(...lines);
    entry.lines.splice(0, entry.lines.length - LINES_KEPT);
    drawOutput(entry);
    summarise(entry.group);
  }

  turnEnded() {
    for (const { group } of this.#cards.values()) summarise(group);
  }

  #draw(entry) {
    const { card } = entry;
    const [, , tone] = LOOK[card.state];
    const meta = [h("span", { class: `tag tier-${card.tier}` }, `Tier ${card.tier}`)];
    if (card.where !== "") meta.push(h("span", {}, visible(card.where)));
    const show = () => this.#host.showRow(card.row);
    const label = `Show row ${card.row} in the record`;
    meta.push(
      h(
        "button",
        { type: "button", class: "rowlink", "aria-label": label, on: { click: show } },
        `#${card.row}`,
      ),
    );
    entry.state = h("span", { class: `call-state ${tone}` });
    entry.node.replaceChildren(
      h(
        "div",
        { class: "call-head" },
        h("b", {}, visible(card.verb)),
        h("code", {}, visible(card.target)),
        entry.state,
      ),
      h("div", { class: "call-meta" }, ...meta, ...this.#actions(entry)),
    );
    drawOutput(entry);
    if (card.state === "unknown") entry.node.append(h("p", { class: "call-note" }, UNKNOWN));
    drawState(entry);
    summarise(entry.group);
  }

  #actions(entry) {
    const { card } = entry;
    if (card.state === "running")
      return [button("Stop", { icon: "stop", kind: "small", on: { click: this.#host.stop } })];
    if (!card.undoable || card.state !== "done") return [];
    const undo = button("Undo", { icon: "undo", kind: "small" });
    undo.addEventListener("click", async () => {
      undo.disabled = true;
      const result = await this.#host
        .undo(card.call)
        .catch((error) => ({ done: false, detail: error.message }));
      undo.replaceWith(
        h("span", { class: result.done ? "good" : "bad", role: "status" }, visible(result.detail)),
      );
    });
    return [undo];
  }

  #tick() {
    for (const entry of this.#cards.values()) {
      if (entry.card.state !== "running" || !entry.node.isConnected) continue;
      drawState(entry);
      summarise(entry.group);
    }
  }
}

/** While it runs, the lines that came, the newest in sight; then the output as the record has it. */
function drawOutput({ card, node, output, lines }) {
  const text = card.state === "running" ? lines.join("\n") : card.output;
  if (text === "") return output.remove();
  output.textContent = visible(text);
  if (!output.isConnected || output.parentElement !== node) node.append(output);
  if (card.state === "running") output.scrollTop = output.scrollHeight;
}

function newGroup() {
  const summary = h("summary");
  const list = h("ol");
  const node = h("details", { class: "calls" }, summary, list);
  const group = { node, summary, list, entries: [] };
  node.group = group;
  return group;
}

function drawState({ card, state }) {
  const [word, name] = LOOK[card.state];
  const code = card.state === "failed" && card.exitCode !== null ? `, exit ${card.exitCode}` : "";
  const time = timeOf(card);
  state.replaceChildren(icon(name), h("span", {}, `${word}${code}${time === "" ? "" : ` · ${time}`}`));
}

function timeOf(card) {
  if (card.state === "running" && card.startedMs > 0)
    return duration(Math.max(0, Date.now() - card.startedMs));
  return card.tookMs >= 50 ? duration(card.tookMs) : "";
}

/** "Read 3 files, ran 1 command · 2.1 s", and what is not done yet or went wrong. */
function summarise(group) {
  const cards = group.entries.map((entry) => entry.card);
  const kinds = new Map();
  for (const card of cards) {
    const key = `${card.verb}|${nounOf(card.tool).join("|")}`;
    kinds.set(key, (kinds.get(key) ?? 0) + 1);
  }
  const parts = [...kinds].map(([key, number], index) => {
    const [verb, one, many] = key.split("|");
    const word = index === 0 ? verb : verb.toLowerCase();
    return `${word} ${number} ${number === 1 ? one : many}`;
  });
  const open = cards.find((card) => TURN.has(card.state));
  const bad = cards.filter((card) => LOOK[card.state][2] === "bad");
  const total = cards.reduce((sum, card) => sum + card.tookMs, 0);
  const words =
    open !== undefined ? [LOOK[open.state][0], timeOf(open)] : [total >= 50 ? duration(total) : ""];
  if (bad.length > 0)
    words.push(`${bad.length === cards.length ? "" : `${bad.length} `}${LOOK[bad[0].state][0]}`);
  const [, sign, tone] = LOOK[(open ?? bad[0])?.state ?? "done"];
  const text = [parts.join(", "), ...words.filter((word) => word !== "")].join(" · ");
  group.summary.replaceChildren(
    icon("chevron"),
    h("span", {}, visible(text)),
    h("span", { class: tone }, icon(sign)),
  );
  const running = group.entries.find((entry) => entry.card.state === "running");
  const newest = running?.lines.at(-1) ?? "";
  if (newest !== "") group.summary.append(h("code", { class: "call-newest" }, visible(newest)));
}

function nounOf(tool) {
  const found = NOUNS.find(([pattern]) => pattern.test(tool));
  return found === undefined ? ["call", "calls"] : [found[1], found[2] ?? `${found[1]}s`];
}
