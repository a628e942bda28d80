// The approval requests of a conversation. An open one stays in sight: a bar above the composer leads to its
// buttons when they are scrolled away.
import { approvalCard } from "/shared/approval.js";
import { button, byId } from "/shared/dom.js";

export class Requests {
  #host;
  #cards = new Map();
  #bar = byId("pinned");
  #watch;

  constructor(host) {
    this.#host = host;
    this.#bar.addEventListener("click", () => {
      const open = this.#open();
      open?.card.node.scrollIntoView({ block: "end" });
      open?.card.focus();
    });
  }

  clear() {
    this.#cards.clear();
  }

  /** New words were said: what expired before them is past. */
  settle() {
    for (const { card } of this.#cards.values()) card.settle();
  }

  /** Takes a request's news. Answers the card's node when it is new, else null. */
  take({ prompt, closed }, isFresh) {
    let entry = this.#cards.get(prompt.approvalId);
    const isNew = entry === undefined;
    if (entry === undefined) {
      const card = approvalCard(prompt, {
        answer: (body) => this.#answer(prompt, body),
        again: () => this.#host.askAgain(),
        consoleUrl: this.#host.consoleUrl(),
        heading: "h2",
      });
      entry = { card, prompt, isOpen: true };
      this.#cards.set(prompt.approvalId, entry);
      if (isFresh && closed === null) this.#announce(entry);
    }
    if (closed !== null) {
      const wasOpen = entry.isOpen;
      entry.isOpen = false;
      entry.card.close(closed);
      if (isFresh && wasOpen) byId("say").textContent = closed.outcome;
    }
    return isNew ? entry.card.node : null;
  }

  /** Shows or hides the bar; true while a request is open. */
  pin() {
    const open = this.#open();
    this.#watch?.disconnect();
    this.#bar.hidden = open === undefined;
    if (open === undefined) return false;
    this.#bar.replaceChildren(button(open.prompt.title, { icon: "hand" }));
    this.#watch = new IntersectionObserver((entries) => {
      this.#bar.hidden = entries.at(-1).isIntersecting;
    });
    this.#watch.observe(open.card.feet);
    return true;
  }

  #answer(prompt, body) {
    return this.#host.answer({ approvalId: prompt.approvalId, ...body });
  }

  #open() {
    return [...this.#cards.values()].find((entry) => entry.isOpen);
  }

  /** Said to a screen reader; the focus moves to the title unless someone is typing. */
  #announce({ card, prompt }) {
    byId("say").textContent = `Waiting for you: ${prompt.title}`;
    if (!this.#host.mayFocus()) return;
    setTimeout(() => {
      card.node.scrollIntoView({ block: "nearest" });
      card.focus();
    }, 0);
  }
}
