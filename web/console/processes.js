// The state of each process: what runs, since when, how large, and which walls stand around it.
import { byId, h, icon } from "/shared/dom.js";
import { ago, megabytes, plural, visible, wallName } from "/shared/words.js";

const LOOK = {
  ready: ["check", "good"],
  running: ["check", "good"],
  starting: ["clock", "wait"],
  degraded: ["alert", "wait"],
};

/** Builds the section; the answer draws a list of roles. */
export function processes() {
  const body = h("tbody");
  const heads = ["Process", "State", "Pid", "Memory", "Confinement"].map((text, at) =>
    h("th", { scope: "col", class: at === 2 || at === 3 ? "end" : undefined }, text),
  );
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...heads)), body);
  const title = h("h2", { id: "processes-title" }, "Processes");
  const frame = h(
    "div",
    { class: "processes", tabindex: "0", role: "group", "aria-label": "All processes" },
    table,
  );
  byId("processes").replaceChildren(h("div", { class: "section-head" }, title), frame);
  const opened = new Set();
  return (roles) => body.replaceChildren(...roles.map((role) => row(role, opened)));
}

function row(role, opened) {
  const [name, tone] = LOOK[role.state] ?? ["cross", "bad"];
  const restarts = role.restarts > 0 ? `, ${plural(role.restarts, "restart")}` : "";
  const who = role.peerId === "" || role.peerId === role.role ? role.role : `${role.role} ${role.peerId}`;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, visible(who), h("small", {}, `since ${ago(role.sinceMs)}${restarts}`)),
    h(
      "td",
      {},
      h("span", { class: `state ${tone}` }, icon(name), visible(role.state)),
      role.why === "" ? "" : h("small", {}, visible(role.why)),
    ),
    h("td", { class: "end nums", "data-label": "pid" }, role.pid > 0 ? String(role.pid) : "–"),
    h(
      "td",
      { class: "end nums", "data-label": "memory", title: `resident ${megabytes(role.rssBytes)}` },
      megabytes(role.pssBytes || role.rssBytes),
    ),
    h("td", {}, walls(role, opened)),
  );
}

function walls(role, opened) {
  const { confinement } = role;
  if (confinement.length === 0) return h("span", { class: "wait" }, "none on this system");
  const standing = confinement.filter((wall) => wall.inForce).length;
  const tone = standing === confinement.length ? "good" : "wait";
  const items = confinement.map((wall) =>
    h(
      "li",
      { class: wall.inForce ? "good" : "wait" },
      icon(wall.inForce ? "check" : "alert"),
      h(
        "span",
        {},
        `${wallName(wall.name)[0]}${wall.inForce ? "" : ": missing"}`,
        h("span", { class: "muted" }, visible(` – ${wall.name}${wall.detail && `, ${wall.detail}`}`)),
      ),
    ),
  );
  const key = `${role.role} ${role.peerId}`;
  const node = h(
    "details",
    { class: "walls", open: opened.has(key) },
    h("summary", { class: tone }, `${standing} of ${confinement.length} walls`),
    h("ul", {}, ...items),
  );
  node.addEventListener("toggle", () => (node.open ? opened.add(key) : opened.delete(key)));
  return node;
}
