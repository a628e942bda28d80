// The empty state: what can be tried, and how to get from the script to a model.
import { button, command, h, icon } from "/shared/dom.js";

const TRIES = [
  ["list files", "search", "runs at once: looking into the workspace needs no question"],
  ["read notes.md", "record", "runs at once too, and is written down like everything else"],
  ["run: uname -a", "hand", "asks first, every time: a command can do anything"],
  ["fetch https://example.com", "link", "asks first: it leaves this computer"],
];
const POLL_MS = 2_000;
const POLLS_MAX = 300;

/** The nodes of the empty state. */
export function emptyState(state, { send, waitFor }) {
  const title = state.rehearsal ? "This is a script, not a model." : "What shall be done?";
  const words = state.rehearsal
    ? "It shows how Wirken asks and records. Each of these is a real call, decided and written down before it happens."
    : "Every call is decided before it happens and written down. Try one of these, or write below.";
  const tries = TRIES.map(([text, name, hint]) =>
    h(
      "button",
      { type: "button", class: "try", on: { click: () => send(text) } },
      icon(name),
      h("span", {}, h("b", {}, text), h("small", {}, hint)),
    ),
  );
  const parts = [h("h2", {}, title), h("p", {}, words), h("div", { class: "tries" }, ...tries)];
  const ways = h("div", { class: "ways" });
  const replaced = (what) => ways.replaceChildren(waitFor(what));
  for (const name of state.rehearsal ? state.ollamaModels.slice(0, 4) : []) {
    const use = `wirken setup --non-interactive --provider ollama --model ${name}`;
    ways.append(
      button(`Use ${name} (Ollama, on this computer)`, { icon: "model", on: { click: () => replaced(use) } }),
    );
  }
  if (state.rehearsal)
    ways.append(button("Connect a model", { icon: "model", on: { click: () => replaced("wirken setup") } }));
  ways.append(
    button("Add Telegram", { icon: "phone", on: { click: () => replaced("wirken channel add telegram") } }),
  );
  return [...parts, ways];
}

/**
 * Shows the exact command, copies it, and waits until the running program uses another model. Keys go through
 * the terminal, never through this page.
 */
export function waitForModel(what, before, ask) {
  const isModel = what.startsWith("wirken setup");
  const status = h(
    "span",
    { role: "status" },
    isModel ? "waiting for the model…" : "the bot answers as soon as it is paired",
  );
  const node = h(
    "div",
    { class: "waiting-for" },
    h("p", {}, "Run this in a terminal. Keys are asked for there and never go through this page."),
    command(what),
    h("p", { class: "muted" }, status),
  );
  void navigator.clipboard.writeText(what).catch(() => undefined); // it stands there to be copied by hand
  if (isModel) void poll(before, ask, status, node);
  return node;
}

async function poll(before, ask, status, node) {
  for (let polls = 0; polls < POLLS_MAX; polls += 1) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (!node.isConnected) return;
    const now = await ask();
    if (now === undefined || (now.model === before.model && now.provider === before.provider)) continue;
    status.className = "good";
    status.textContent = `done: ${now.model} answers from now on`;
    return;
  }
}
