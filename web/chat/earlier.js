// What of a long history is drawn: its end, with a way to what came before. A page of thousands would take seconds.
import { button, byId, h } from "/shared/dom.js";
import { count } from "/shared/words.js";

const STEP = 200; // entries

export class Earlier {
  #size = STEP;
  #reload;

  /** `reload()` draws the history again. */
  constructor(reload) {
    this.#reload = reload;
  }

  /** Where the drawn part of the entries begins. A request that is still open is always part of it. */
  from(items) {
    if (items.length === 0) this.#size = STEP; // another conversation
    const open = items.findIndex((item) => item.type === "approval" && item.closed === null);
    const from = Math.max(0, items.length - this.#size);
    return open === -1 ? from : Math.min(from, open);
  }

  /** The way to the hidden ones: draws more, and stays at what was being read. */
  node(hidden) {
    const more = button(`Show earlier (${count(hidden)})`, { icon: "clock", kind: "small" });
    more.addEventListener("click", async () => {
      more.disabled = true;
      this.#size += STEP;
      const scroll = byId("scroll");
      const fromEnd = scroll.scrollHeight - scroll.scrollTop;
      await this.#reload();
      scroll.scrollTop = scroll.scrollHeight - fromEnd;
    });
    return h("p", { class: "earlier" }, more);
  }
}
