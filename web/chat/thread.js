// The conversation: entries by key, in order; the live answer; what is waiting to be sent.
import { byId, button, h } from "/shared/dom.js";
import { markdown } from "/shared/markdown.js";
import { clockTime, visible } from "/shared/words.js";
import { Earlier } from "./earlier.js";
import { connectionError, errorBlock } from "./errors.js";
import { LiveAnswer } from "./live.js";
import { Requests } from "./requests.js";
import { ToolCalls } from "./tools.js";

const SAME_ANSWER_LOOK_BACK = 8;

/**
 * Builds the thread. `host` has what entries can ask for: answer, undo, stop, showRow, again, changed,
 * mayFocus, consoleUrl, reload.
 */
export function thread(host) {
  return new Thread(byId("thread"), host);
}

class Thread {
  #place;
  #host;
  #entries = new Map();
  #calls;
  #requests;
  #live = null;
  #pending = [];
  #working = h(
    "div",
    { class: "working", role: "status" },
    h("i", { class: "pulse" }),
    h("span", {}, "Working…"),
  );
  #lastText = "";
  #earlier;

  constructor(place, host) {
    this.#place = place;
    this.#host = host;
    this.#calls = new ToolCalls(host);
    this.#requests = new Requests(host);
    this.#earlier = new Earlier(host.reload);
  }

  isEmpty() {
    return this.#place.childElementCount === 0;
  }

  /** Shows a history: its end, and a way to what came before. */
  load(items) {
    const from = this.#earlier.from(items);
    this.#entries.clear();
    this.#calls.end();
    this.#calls = new ToolCalls(this.#host);
    this.#requests.clear();
    this.#live = null;
    this.#pending = this.#pending.filter((one) => one.node.dataset.failed === "true");
    this.#place.replaceChildren();
    if (from > 0) this.#place.append(this.#earlier.node(from));
    for (const item of items.slice(from)) this.#item(item);
    for (const one of this.#pending) this.#place.append(one.node);
    this.#pin();
    const scroll = byId("scroll");
    scroll.scrollTop = scroll.scrollHeight;
    this.#host.changed();
  }

  receive(event) {
    this.#keepingEnd(() => {
      if (event.type === "turn_started") this.#turnStarted();
      else if (event.type === "text_delta") this.#delta(event);
      else if (event.type === "output") this.#calls.output(event);
      else if (event.type === "item") this.#item(event.item, true);
      else if (event.type === "turn_ended") this.#turnEnded();
      this.#host.changed();
    });
  }

  /** A message on its way. */
  pending(text, isQueued) {
    const foot = h("div", { class: "bubble-foot" }, isQueued ? "sent after this answer" : "sending…");
    const node = h("div", { class: "from-person" }, h("div", { class: "bubble" }, visible(text)), foot);
    const one = { node, text, foot };
    this.#pending.push(one);
    this.#place.append(node);
    this.#toEnd();
    return {
      recorded: () => {
        if (!isQueued) foot.textContent = "";
      },
      failed: (error, edit) => {
        node.dataset.failed = "true";
        this.#forget(one);
        const why = error.message === "refused" ? refused() : connectionError(error);
        why.querySelector("div").append(
          h(
            "div",
            { class: "actions" },
            button("Put it back", {
              icon: "undo",
              kind: "small",
              on: { click: () => (node.remove(), edit(), this.#host.changed()) },
            }),
          ),
        );
        foot.replaceWith(why);
        this.#toEnd();
      },
    };
  }

  error(block) {
    for (const old of this.#place.querySelectorAll(":scope > .error")) old.remove();
    this.#place.append(block);
    this.#host.changed();
    this.#toEnd();
  }

  #item(item, isFresh = false) {
    if (item.type === "user") return this.#user(item);
    if (item.type === "assistant") return this.#assistant(item, isFresh);
    if (item.type === "tool") return this.#tool(item.card);
    if (item.type === "approval") return this.#approval(item, isFresh);
    if (item.type === "error") {
      this.#endLive();
      const again = this.#lastText === "" ? undefined : () => this.#host.again(this.#lastText);
      return this.#put(`x${item.row}:${item.tsMs}`, () => errorBlock(item.error, again));
    }
    return this.#put(`n${item.row}:${item.tsMs}:${item.text}`, () => notice(item.text));
  }

  #user(item) {
    const match = this.#pending.find((one) => one.text === item.text.trim());
    if (match !== undefined) {
      this.#forget(match);
      match.node.remove();
    }
    this.#lastText = item.text;
    this.#requests.settle();
    const who = item.author === "" || item.author === "you" ? "" : `${visible(item.author)} · `;
    const foot = h(
      "div",
      { class: "bubble-foot nums" },
      who,
      clockTime(item.tsMs),
      " · ",
      this.#rowLink(item.row),
    );
    const bubble = h("div", { class: "bubble" }, visible(item.text));
    this.#put(`u${item.row}`, () =>
      h("div", { class: "from-person" }, h("span", { class: "sr" }, "You wrote: "), bubble, foot),
    );
  }

  #assistant(item, isFresh) {
    const twin = this.#twin(item);
    if (twin !== undefined && item.row === 0) return;
    if (twin !== undefined) twin.remove();
    const node = h(
      "article",
      { class: "answer", data: { text: item.text } },
      h("h2", { class: "sr" }, "Answer"),
      markdown(item.text),
    );
    if (item.row !== 0)
      node.append(
        h("div", { class: "answer-foot nums" }, clockTime(item.tsMs), " · ", this.#rowLink(item.row)),
      );
    const live = this.#live;
    if (live !== null && (item.turn === "" || item.turn === live.turn)) {
      this.#live = null;
      live.end();
      live.node.replaceWith(node);
      this.#entries.set(`a${item.row}`, node);
    } else this.#put(`a${item.row || node.dataset.text}`, () => node);
    if (isFresh) byId("say").textContent = item.text.slice(0, 600);
  }

  /** An answer reaches the page as it grows and as a delivered message: it is shown once. */
  #twin(item) {
    const shown = [...this.#place.querySelectorAll(":scope > .answer:not(.live)")].slice(
      -SAME_ANSWER_LOOK_BACK,
    );
    return shown.find(
      (node) =>
        node.dataset.text === item.text && (item.row === 0 || node.querySelector(".answer-foot") === null),
    );
  }

  #delta(event) {
    if (this.#live === null || this.#live.turn !== event.turn) {
      this.#endLive();
      this.#live = new LiveAnswer(event.turn, (draw) => this.#keepingEnd(draw));
      this.#append(this.#live.node);
    }
    this.#live.add(event.text);
  }

  #tool(card) {
    const settled = [...this.#place.children].filter(
      (node) => node !== this.#working && !this.#isPending(node),
    );
    const node = this.#calls.take(card, settled.at(-1));
    if (node !== null) this.#append(node);
  }

  #approval(item, isFresh) {
    const node = this.#requests.take(item, isFresh);
    if (node !== null) this.#append(node);
    this.#pin();
  }

  #pin() {
    const open = this.#requests.pin();
    this.#working.lastElementChild.textContent = open ? "Waiting for your answer" : "Working…";
  }

  #turnStarted() {
    for (const one of this.#pending) one.foot.textContent = "";
    this.#append(this.#working);
  }

  #turnEnded() {
    this.#working.remove();
    this.#endLive();
    this.#calls.turnEnded();
  }

  #endLive() {
    this.#live?.end();
    this.#live = null;
  }

  /** Draws, and stays at the end where the reader is at the end. */
  #keepingEnd(draw) {
    const atEnd = this.#isAtEnd();
    draw();
    if (atEnd) this.#toEnd();
  }

  #put(key, make) {
    const node = make();
    const old = this.#entries.get(key);
    this.#entries.set(key, node);
    if (old === undefined) this.#append(node);
    else old.replaceWith(node);
  }

  /** New things stand before the sign of work, and before what waits to be sent. */
  #append(node) {
    const waiting = this.#pending.find((one) => one.node.isConnected && one.node !== node)?.node;
    const before = this.#working.isConnected && node !== this.#working ? this.#working : waiting;
    if (before === undefined) this.#place.append(node);
    else this.#place.insertBefore(node, before);
  }

  #isPending(node) {
    return this.#pending.some((one) => one.node === node);
  }

  #forget(one) {
    this.#pending = this.#pending.filter((other) => other !== one);
  }

  #rowLink(row) {
    const show = () => this.#host.showRow(row);
    return h(
      "button",
      {
        type: "button",
        class: "rowlink",
        "aria-label": `Show row ${row} in the record`,
        on: { click: show },
      },
      `#${row}`,
    );
  }

  #isAtEnd() {
    const scroll = byId("scroll");
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 90;
  }

  #toEnd() {
    const scroll = byId("scroll");
    scroll.scrollTop = scroll.scrollHeight;
  }
}

function notice(text) {
  return h("div", { class: "notice" }, markdown(text));
}

function refused() {
  return errorBlock({
    happened: "The message was refused.",
    kept: "It was not recorded as a message of yours.",
    remedy: "After many messages at once, wait a minute.",
    command: "",
  });
}
