// The chat page: logs in, loads a conversation, follows the stream, and wires the parts together.
import { client, login } from "/shared/api.js";
import { byId, button, h, icon } from "/shared/dom.js";
import { showGate } from "/shared/gate.js";
import { follow } from "/shared/stream.js";
import { chips } from "./chips.js";
import { composer } from "./composer.js";
import { emptyState, waitForModel } from "./empty.js";
import { connectionError } from "./errors.js";
import { rail } from "./rail.js";
import { recordPanel } from "./record.js";
import { sheets } from "./sheets.js";
import { thread } from "./thread.js";

const CURRENT = "wirken-conversation";
const CHECKED_ROWS_MAX = 20_000;
const CHECK_AFTER_MS = 700;

/** Starts the page, or says how to get in. */
async function start() {
  const { key, why } = await login();
  if (key === undefined) return showGate(why, "chat");
  const api = client(key, (reason) => showGate(reason, "chat"));
  const page = {
    api,
    conversation: localStorage.getItem(CURRENT) ?? newId("w"),
    state: undefined,
    running: new Set(),
  };
  build(page);
  byId("app").hidden = false;
  // The stream begins with a reset, which loads the page for the first time.
  follow(api, {
    event: (event) => take(page, event),
    reset: () => load(page),
    open: () => page.strips.connection(null),
    wait: (seconds) => page.strips.connection(seconds),
  });
}

function build(page) {
  const api = page.api;
  page.sheets = sheets();
  page.strips = strips(page);
  page.thread = thread({
    answer: (body) => api.post("/api/answer", { conversation: page.conversation, ...body }),
    askAgain: () => api.post("/api/again", { conversation: page.conversation }),
    undo: (call) => api.post("/api/undo", { conversation: page.conversation, call }),
    stop: () => stop(page),
    showRow: (row) => page.record.show(row),
    again: (text) => send(page, text),
    changed: () => showEmpty(page),
    mayFocus: () => page.composer.isIdle(),
    consoleUrl: () => page.state?.consoleUrl,
    reload: () => load(page),
  });
  page.record = recordPanel({
    verify: () => api.post("/api/verify"),
    verified: (summary) => page.chips.verified(summary),
    sheets: page.sheets,
  });
  page.chips = chips({
    toggleRecord: () => page.record.toggle(),
    verify: () => page.record.verify(),
    openMenu: () => page.sheets.open(byId("rail")),
    stop: () => stop(page),
  });
  page.composer = composer({
    send: (text) => send(page, text),
    stop: () => stop(page),
    again: () => void api.post("/api/again", { conversation: page.conversation }).catch(() => undefined), // the strip says it
    fresh: () => choose(page, newId("w")),
    conversation: () => page.conversation,
  });
  page.rail = rail({
    choose: (conversation) => choose(page, conversation),
    fresh: () => choose(page, newId("w")),
  });
}

/** Loads everything that the page shows of the current conversation. */
async function load(page) {
  const { api, conversation } = page;
  page.later ??= [];
  try {
    const [state, talks, items, lines] = await Promise.all([
      api.post("/api/state"),
      api.post("/api/conversations"),
      api.post("/api/history", { conversation }),
      api.post("/api/record", { conversation }),
    ]);
    if (page.conversation !== conversation) return;
    takeState(page, state);
    page.rail.show(talks, conversation);
    page.thread.load(items);
    page.record.load(lines);
    showEmpty(page);
    checkAgain(page);
  } catch (error) {
    if (error.lost !== true) page.thread.error(connectionError(error, () => load(page)));
  }
  const later = page.later ?? [];
  page.later = undefined;
  for (const event of later) receive(page, event);
}

/** What streams in while the history is on its way is shown after it. */
function take(page, event) {
  if (page.later === undefined) receive(page, event);
  else page.later.push(event);
}

function takeState(page, state) {
  page.state = state;
  page.chips.show(state);
  page.rail.console(state.consoleUrl);
  showEmpty(page);
}

function receive(page, event) {
  if (event.type === "state") return void refreshState(page);
  if (event.type === "turn_started") page.running.add(event.conversation);
  if (event.type === "turn_ended") {
    page.running.delete(event.conversation);
    checkAgain(page);
  }
  const isCard = event.type === "item" && event.item.type === "approval";
  if (event.type === "turn_ended" || isCard || event.conversation !== page.conversation) refreshTalks(page);
  if (event.conversation !== page.conversation) return;
  if (event.type === "record") {
    page.record.add(event.lines);
    page.chips.rows(event.lines.at(-1)?.id);
  } else page.thread.receive(event);
  page.composer.running(page.running.has(page.conversation));
  page.chips.running(page.running.has(page.conversation));
}

/** What was written is checked once a turn has ended and after each load, so that "intact" is said of the rows that stand there. */
function checkAgain(page) {
  clearTimeout(page.checking);
  if ((page.state?.recordRows ?? 0) > CHECKED_ROWS_MAX) return; // a long log is checked when a person asks
  page.checking = setTimeout(() => void page.record.verify({ quiet: true }), CHECK_AFTER_MS);
}

async function refreshState(page) {
  const state = await page.api.post("/api/state").catch(() => undefined); // the stream says when there is no one
  if (state !== undefined) takeState(page, state);
  refreshTalks(page);
}

/** Several events come together: one question is enough. */
function refreshTalks(page) {
  if (page.asking !== undefined) return;
  page.asking = setTimeout(async () => {
    page.asking = undefined;
    const talks = await page.api.post("/api/conversations").catch(() => undefined);
    if (talks !== undefined) page.rail.show(talks, page.conversation);
  }, 250);
}

function choose(page, conversation) {
  page.conversation = conversation;
  localStorage.setItem(CURRENT, conversation);
  page.sheets.close();
  page.thread.load([]);
  page.record.load([]);
  page.composer.conversationChanged();
  page.composer.running(page.running.has(conversation));
  page.chips.running(page.running.has(conversation));
  page.rail.mark(conversation);
  void load(page);
}

/**
 * Sends a message. The same event id is used again when the page must try again, so that it is taken once.
 */
async function send(page, text) {
  const { conversation } = page;
  const eventId = newId("e");
  const pending = page.thread.pending(text, page.running.has(conversation));
  showEmpty(page);
  try {
    const { status } = await retrying(() => page.api.post("/api/send", { conversation, text, eventId }));
    if (status === "refused") throw new Error("refused");
    localStorage.setItem(CURRENT, conversation);
    pending.recorded();
    return true;
  } catch (error) {
    pending.failed(error, () => page.composer.put(text));
    showEmpty(page);
    return false;
  }
}

async function stop(page) {
  await page.api.post("/api/stop", { conversation: page.conversation }).catch((error) => {
    if (error.lost !== true) page.thread.error(connectionError(error, () => stop(page)));
  });
}

/** Once more after a lost connection: the event id makes the second one harmless. */
async function retrying(act) {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    return await act();
  }
}

function showEmpty(page) {
  const place = byId("empty");
  const isEmpty = page.thread.isEmpty();
  place.hidden = !isEmpty;
  page.strips.rehearsal(page.state?.rehearsal === true && !isEmpty); // the empty page says it larger
  if (!isEmpty || page.state === undefined) return;
  const shown = `${page.state.rehearsal} ${page.state.ollamaModels.join(" ")}`;
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(
    ...emptyState(page.state, { send: (text) => send(page, text), waitFor: (what) => wait(page, what) }),
  );
}

function wait(page, what) {
  return waitForModel(what, page.state, async () => {
    const state = await page.api.post("/api/state").catch(() => undefined); // asked again in a moment
    if (state !== undefined) takeState(page, state);
    return state;
  });
}

/** The strips under the bar: the rehearsal's, and the one that counts down to the next try. */
function strips(page) {
  const place = byId("strips");
  const connect = button("Connect a model", { icon: "model", kind: "small" });
  const more = h("span", { class: "wide" }, " It shows how Wirken asks and records.");
  const words = h("span", {}, "This is a script, not a model.", more);
  const rehearsal = h("div", { class: "strip", hidden: true }, icon("alert"), words, connect);
  const text = h("span");
  const connection = h("div", { class: "strip", hidden: true }, icon("clock"), text);
  place.append(rehearsal, connection);
  connect.addEventListener("click", () => connect.replaceWith(wait(page, "wirken setup")));
  return {
    rehearsal: (is) => {
      rehearsal.hidden = !is;
    },
    connection: (seconds) => {
      connection.hidden = seconds === null;
      if (seconds !== null)
        text.textContent = `Gateway restarting, your draft is safe, reconnecting in ${seconds} s`;
    },
  };
}

function newId(letter) {
  return `${letter}-${crypto.randomUUID()}`;
}

void start();
