// An approval request as a card, the same on both pages (docs/formats/pages.md, "Approval"). Deny is first,
// Enter does nothing, the buttons live after 600 ms of being seen, and what was not opened cannot be
// approved.
import { hex } from "./key.js";
import { ago, left } from "./words.js";
import { button, command, h, icon } from "./dom.js";

const SEEN_MS = 600;
const LINES_SHOWN = 14;
const CHARS_SHOWN = 1_600;

const OUTCOME_ICON = {
  approved: "check",
  denied: "ban",
  expired: "clock",
  changed: "alert",
  cancelled: "stop",
};

/**
 * Builds a card. `answer({verdict, remember, why})` sends the answer and may throw; `consoleUrl` is where it can
 * be answered when this surface may not; `again()` asks once more after it expired, and may throw. Returns
 * `{node, feet, close(closed), settle(), focus()}`; a card may be closed again with more words, once what was approved has
 * run; a settled one is not asked again.
 */
export function approvalCard(prompt, { answer, again, consoleUrl, heading = "h3" }) {
  const title = h(
    heading,
    { class: "approval-title", tabindex: "-1", id: `t-${prompt.approvalId}` },
    prompt.title,
  );
  const when = h("span", { class: "muted nums" });
  const tag =
    prompt.tier === 3 ? "Asks every time" : prompt.grantOffer === "" ? "Asks first" : "Can be remembered";
  const head = h("p", { class: "approval-when" }, h("span", { class: `tag tier-${prompt.tier}` }, tag), when);
  const gate = { opened: true, seen: new Set(), busy: false };
  const feet = h("div", { class: "approval-feet" });
  const exact = exactBlock(prompt.exact, gate, () => feet.dispatchEvent(new Event("gate")));
  const node = h(
    "section",
    { class: "approval", role: "group", "aria-labelledby": title.id, data: { approval: prompt.approvalId } },
    h("div", { class: "approval-head" }, icon("hand"), h("div", {}, title, head)),
    exact,
    facts(prompt.facts),
    feet,
  );
  const tick = () => {
    const rest = prompt.expiresMs - Date.now();
    when.textContent =
      rest > 0 ? `${ago(prompt.askedMs)}, open ${left(rest)} more` : `${ago(prompt.askedMs)}, expired`;
  };
  tick();
  let shown = false;
  const ticking = setInterval(() => {
    if (node.isConnected) shown = true;
    else if (shown) clearInterval(ticking); // the card was taken off the page
    tick();
  }, 1_000);
  const close = (closed) => {
    clearInterval(ticking);
    when.textContent = "";
    node.classList.add("closed", `closed-${closed.verdict}`);
    const words = [icon(OUTCOME_ICON[closed.verdict] ?? "dot"), h("span", {}, closed.outcome)];
    feet.replaceChildren(h("p", { class: "approval-outcome", role: "status" }, ...words));
    if (closed.verdict === "expired") feet.append(askAgain(again));
    if (exact.parentElement === node) node.append(folded(exact)); // after the outcome, for whoever wants it
    title.closest(".approval-head").querySelector(".tag")?.remove();
  };
  if (prompt.answerable) buttons(prompt, { feet, gate, answer, node });
  else feet.append(elsewhere(prompt, consoleUrl));
  const settle = () => feet.querySelector(".approval-again")?.remove();
  return { node, feet, close, settle, focus: () => title.focus({ preventScroll: true }) };
}

/** A new request for the same: the old one stays closed. */
function askAgain(again) {
  const failed = h("p", { class: "approval-failed", role: "alert" });
  const ask = button("Ask again", { icon: "undo", kind: "small" });
  ask.addEventListener("click", async () => {
    ask.disabled = true;
    failed.textContent = "";
    try {
      await again();
    } catch (error) {
      failed.textContent = sentence(error);
      ask.disabled = false;
    }
  });
  return h("div", { class: "approval-again" }, ask, failed);
}

/** The ways to an answer where this surface may not give one: the console, or a command. */
function elsewhere(prompt, consoleUrl) {
  const terminal = command(`wirken permissions approve ${prompt.approvalId}`);
  if (consoleUrl === undefined || consoleUrl === "") {
    return h("div", {}, h("p", { class: "approval-elsewhere" }, icon("shield"), prompt.elsewhere), terminal);
  }
  const words = "Say yes or no on the console: what asks every time is not answered in the chat itself.";
  const link = h(
    "a",
    { class: "button primary", href: consoleUrl, target: "_blank", rel: "noopener" },
    icon("link"),
    h("span", {}, "Answer on the console"),
  );
  return h(
    "div",
    { class: "approval-ways" },
    h("p", { class: "approval-elsewhere" }, icon("shield"), h("span", {}, words)),
    h("div", { class: "approval-buttons" }, link),
    h("p", { class: "muted small-text" }, "or in a terminal"),
    terminal,
  );
}

function folded(exact) {
  const block = h("details", { class: "exact-fold" }, h("summary", {}, icon("chevron"), "The exact call"));
  block.append(exact);
  return block;
}

/** The exact call. A long one shows its beginning and how much is missing, with the digest of the whole. */
function exactBlock(text, gate, changed) {
  const lines = text.split("\n");
  const pre = h("pre", { class: "exact", tabindex: "0", role: "group", "aria-label": "The exact call" });
  const short = shortened(lines);
  fill(pre, short);
  if (short.length === lines.length && short.at(-1) === lines.at(-1)) return pre;
  gate.opened = false;
  const hidden = lines.length - short.length;
  const label = hidden > 0 ? `Show remaining ${hidden} ${hidden === 1 ? "line" : "lines"}` : "Show the rest";
  const more = button(label, {
    icon: "chevron",
    kind: "small",
    on: {
      click: () => {
        fill(pre, lines);
        gate.opened = true;
        more.remove();
        pre.focus();
        changed();
      },
    },
  });
  void digest(text).then((sum) => more.querySelector("span").append(` · sha256 ${sum.slice(0, 12)}…`));
  return h("div", { class: "exact-cut" }, pre, more);
}

function shortened(lines) {
  const out = [];
  let chars = 0;
  for (const line of lines) {
    if (out.length === LINES_SHOWN || chars >= CHARS_SHOWN) break;
    out.push(line.slice(0, CHARS_SHOWN - chars));
    chars += line.length;
  }
  return out;
}

/** An edit's lines carry a word for screen readers through `ins` and `del`, and a sign for everyone. */
function fill(pre, lines) {
  const isDifference = lines.some((line) => line.startsWith("@@ "));
  const nodes = lines.map((line, index) => {
    const text = index < lines.length - 1 ? `${line}\n` : line;
    if (isDifference && /^\+(?!\+\+ )/.test(line)) return h("ins", {}, text);
    if (isDifference && /^-(?!-- )/.test(line)) return h("del", {}, text);
    return text;
  });
  pre.replaceChildren(...nodes);
}

async function digest(text) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function facts(list) {
  const rows = list
    .slice(0, 5)
    .map((fact) =>
      h(
        "div",
        { class: fact.alarming ? "fact alarming" : "fact" },
        h("dt", {}, fact.label),
        h("dd", {}, fact.alarming ? icon("alert") : null, h("span", {}, fact.text)),
      ),
    );
  return h("dl", { class: "facts" }, ...rows);
}

function buttons(prompt, { feet, gate, answer, node }) {
  const failed = h("p", { class: "approval-failed", role: "alert" });
  const send = async (body) => {
    if (gate.busy) return;
    gate.busy = true;
    failed.textContent = "";
    refresh();
    try {
      await answer(body);
      gate.sent = true;
    } catch (error) {
      failed.textContent = `${sentence(error)} Nothing was decided by this answer.`;
    }
    gate.busy = false;
    refresh();
  };
  const deny = button("Deny", { icon: "ban", on: { click: () => ask() } });
  const once = button("Approve once", { kind: "primary", on: { click: () => send({ verdict: "approve" }) } });
  const remember =
    prompt.tier === 2 && prompt.grantOffer !== ""
      ? button(prompt.grantOffer, { on: { click: () => send({ verdict: "approve", remember: true }) } })
      : null;
  const row = h("div", { class: "approval-buttons" }, deny, once, remember);
  const hint = h("p", { class: "muted small-text" });
  const why = denyForm(
    (text) => send({ verdict: "deny", why: text }),
    () => show(row, deny),
  );
  const show = (part, target) => {
    feet.replaceChildren(part, hint, failed);
    target.focus();
  };
  const ask = () => show(why.node, why.field);
  const refresh = () => {
    const idle = !gate.busy && gate.sent !== true;
    deny.disabled = !idle || !gate.seen.has(deny);
    for (const yes of [once, remember])
      if (yes !== null) yes.disabled = !idle || !gate.opened || !gate.seen.has(yes);
    why.disable(gate.busy || gate.sent === true);
    hint.textContent = gate.sent
      ? "Sent, waiting for the record…"
      : gate.opened
        ? ""
        : "Open the remaining lines to approve.";
  };
  feet.append(row, hint, failed);
  feet.addEventListener("gate", refresh);
  // A held or repeated key must not answer what has just appeared.
  node.addEventListener("keydown", (event) => {
    if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
  });
  refresh();
  // Each by itself: on a phone they stand in two rows, of which one may still be below the edge.
  for (const part of [deny, once, remember]) {
    if (part === null) continue;
    whenSeen(part, () => {
      gate.seen.add(part);
      refresh();
    });
  }
}

function denyForm(deny, back) {
  const field = h("input", {
    class: "field",
    type: "text",
    maxlength: "1000",
    "aria-label": "Tell the agent why (optional)",
  });
  field.placeholder = "Tell the agent why (optional)";
  const yes = button("Deny", { kind: "danger", icon: "ban", type: "submit" });
  const no = button("Back", { on: { click: back } });
  const node = h("form", { class: "approval-buttons" }, field, yes, no);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    deny(field.value);
  });
  const disable = (off) => {
    for (const part of [field, yes, no]) part.disabled = off;
  };
  return { node, field, disable };
}

/** Calls `done` once the node has been on the screen, in a visible tab, for 600 ms without a break. */
function whenSeen(node, done) {
  let timer;
  let inView = false;
  const judge = () => {
    clearTimeout(timer);
    if (!inView || document.visibilityState !== "visible") return;
    timer = setTimeout(() => {
      watch.disconnect();
      document.removeEventListener("visibilitychange", judge);
      done();
    }, SEEN_MS);
  };
  const watch = new IntersectionObserver(
    (entries) => {
      inView = entries.at(-1).intersectionRatio >= 0.9;
      judge();
    },
    { threshold: [0, 0.9, 1] },
  );
  document.addEventListener("visibilitychange", judge);
  watch.observe(node);
}

function sentence(error) {
  const text = error?.fault?.message ?? "The page's process does not answer";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
