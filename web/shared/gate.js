// What stands in place of the page when it has no key: how to get one.
import { command, h } from "./dom.js";

const WORDS = {
  none: [
    "This tab is not logged in",
    "Open it with the link that `wirken run` printed in your terminal, or with a new one. A link works once, for ten minutes.",
  ],
  used: [
    "This link was already used",
    "Each link works once. If that was not you, look at the record: every login is a row.",
  ],
  lost: [
    "This tab lost its key",
    "The program was started anew, or the key was revoked. What you were writing is kept as a draft.",
  ],
  clock: [
    "This computer’s clock is off",
    "It differs by more than a minute from the one the program runs by. Set it, then log in again.",
  ],
};

/** Replaces the page by the way back in. */
export function showGate(why, page) {
  const [title, text] = WORDS[why] ?? WORDS.lost;
  const card = h(
    "main",
    { class: "gate-card" },
    h("img", { class: "mark", src: "/shared/mark.svg", alt: "" }),
    h("h1", { tabindex: "-1" }, title),
    h("p", { class: "muted" }, text),
    command(page === "console" ? "wirken open --console" : "wirken open"),
  );
  document.body.replaceChildren(h("div", { class: "gate" }, card));
  card.querySelector("h1").focus();
}
