// An answer while it grows: drawn at most every 80 ms, whole, from the text so far.
import { h } from "/shared/dom.js";
import { markdown } from "/shared/markdown.js";

const DRAW_MS = 80;

export class LiveAnswer {
  #text = "";
  #timer;
  #around;

  /** `around(draw)` runs a drawing; the thread keeps its scroll position in it. */
  constructor(turn, around) {
    this.turn = turn;
    this.node = h("article", { class: "answer live" });
    this.#around = around;
  }

  add(text) {
    this.#text += text;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#around(() => this.node.replaceChildren(markdown(this.#text)));
    }, DRAW_MS);
  }

  /** No more text comes: what is there stays, without the sign of growth. */
  end() {
    clearTimeout(this.#timer);
    this.node.classList.remove("live");
    this.node.dataset.text = this.#text;
    this.node.replaceChildren(markdown(this.#text));
  }
}
