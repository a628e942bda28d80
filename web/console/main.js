// The console: waiting approvals of all channels, the state of each process, the record.
import { client, login } from "/shared/api.js";
import { button, byId, h, icon } from "/shared/dom.js";
import { showGate } from "/shared/gate.js";
import { follow } from "/shared/stream.js";
import { approvals } from "./approvals.js";
import { drawer } from "./drawer.js";
import { processes } from "./processes.js";
import { record } from "./record.js";

const GATHER_MS = 200;
const STATE_EVERY_MS = 15_000;

async function start() {
  const { key, why } = await login();
  if (key === undefined) return showGate(why, "console");
  const api = client(key, (reason) => showGate(reason, "console"));
  const page = { api, due: new Map() };
  page.drawer = drawer(api);
  page.approvals = approvals(api, () => soon(page, "record", () => page.record.fresh()));
  page.processes = processes();
  page.record = record(api, page.drawer);
  page.bar = bar(api);
  page.connection = connection();
  byId("app").hidden = false;
  // The stream begins with a reset, which loads the page for the first time.
  setInterval(() => soon(page, "state", () => loadState(page)), STATE_EVERY_MS);
  follow(api, {
    event: (event) => receive(page, event),
    reset: () => load(page),
    open: () => page.connection(null),
    wait: (seconds) => page.connection(seconds),
  });
}

async function load(page) {
  await Promise.all([loadState(page), page.approvals.load(), page.record.load()]);
}

async function loadState(page) {
  const state = await page.api.post("/api/state").catch(() => undefined); // the stream says when there is no one
  if (state === undefined) return;
  page.bar(state);
  page.processes(state.roles);
}

/** Whatever happened, what may have changed is asked for anew; several events together ask once. */
function receive(page, event) {
  if (event.type === "record") return page.record.arrived(event.lines);
  if (event.type === "text_delta") return;
  const isCard = event.type === "item" && event.item.type === "approval";
  if (isCard || event.type === "state" || event.type === "turn_ended") {
    soon(page, "approvals", () => page.approvals.load());
  }
  if (event.type === "state") soon(page, "state", () => loadState(page));
  if (event.type === "turn_ended") soon(page, "check", () => page.record.checkAgain());
}

function soon(page, what, act) {
  if (page.due.has(what)) return;
  page.due.set(
    what,
    setTimeout(() => {
      page.due.delete(what);
      void act();
    }, GATHER_MS),
  );
}

function bar(api) {
  const version = h("small");
  const open = button("Open chat", { icon: "chat" });
  open.addEventListener("click", async () => {
    open.disabled = true;
    // The window is made inside of the click, else the browser would hold it for an advertisement.
    const tab = window.open("about:blank", "_blank");
    try {
      const { link } = await api.post("/api/open-chat");
      if (tab === null) location.assign(link);
      else tab.location.replace(link);
    } catch {
      tab?.close(); // the strip above says that nobody answers
    }
    open.disabled = false;
  });
  const title = h("h1", {}, "Console", version);
  byId("bar").replaceChildren(h("img", { src: "/shared/mark.svg", alt: "" }), title, open);
  return (state) => {
    const model = state.rehearsal ? "rehearsal script" : `${state.model} · ${state.modelWhere}`;
    version.textContent = `Wirken ${state.version} · ${model}`;
    const brief = byId("strips").querySelector(".brief");
    if (state.ephemeral && brief === null) byId("strips").prepend(briefStrip());
    if (!state.ephemeral) brief?.remove();
  };
}

function briefStrip() {
  const words =
    "No vault yet: signing keys and this log live for this run only; earlier logs are in the archive.";
  return h(
    "div",
    { class: "strip brief" },
    icon("alert"),
    h("span", {}, words),
    h("code", {}, "wirken setup"),
  );
}

function connection() {
  const text = h("span");
  const strip = h("div", { class: "strip", hidden: true }, icon("clock"), text);
  byId("strips").append(strip);
  return (seconds) => {
    strip.hidden = seconds === null;
    if (seconds !== null)
      text.textContent = `The gateway does not answer. What you see may be old. Reconnecting in ${seconds} s`;
  };
}

void start();
